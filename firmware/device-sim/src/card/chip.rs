//! The file system of a chip: applications, files, and the secrets that open them.

/// A secret of any virtual card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretName {
    /// PIN of the text application.
    Pin,
    /// Number A in the text application.
    NumberA,
    /// Number B in the text application.
    NumberB,
    /// A reference of the text application that is blocked from the factory.
    FactoryBlocked,
    /// Six digits of the birth date, in the visual application.
    BirthDate,
    /// Number A in the visual application.
    VisualNumberA,
    /// Number B in the visual application.
    VisualNumberB,
    /// PIN of the authentication key.
    AuthPin,
    /// Password of the signing certificate and key.
    SignPassword,
    /// First PIN of a driver's licence.
    Pin1,
    /// Second PIN of a driver's licence.
    Pin2,
    /// PIN of the licence application on a My Number card.
    LicencePin,
}

impl SecretName {
    /// As `todoke card tries --json` calls it.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "pin" => Self::Pin,
            "number_a" => Self::NumberA,
            "number_b" => Self::NumberB,
            "birth_date" => Self::BirthDate,
            "visual_number_a" => Self::VisualNumberA,
            "visual_number_b" => Self::VisualNumberB,
            "auth_pin" => Self::AuthPin,
            "sign_password" => Self::SignPassword,
            "pin1" => Self::Pin1,
            "pin2" => Self::Pin2,
            "licence_pin" => Self::LicencePin,
            _ => return None,
        })
    }
}

/// A secret, its counter, and whether it is presented.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    pub(super) name: SecretName,
    /// Application it belongs to, by its place in the list.
    pub(super) application: usize,
    pub(super) id: u16,
    pub(super) value: Vec<u8>,
    pub(super) tries: u8,
    pub(super) tries_max: u8,
    pub(super) opened: bool,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody.
    Free,
    /// Whoever presented one of these.
    AnyOf(&'static [SecretName]),
    /// Whoever presented all of these.
    AllOf(&'static [SecretName]),
    /// Whoever presented the number of a residence card.
    Opened,
    /// The same, through secure messaging only.
    Sealed,
    /// Nobody: keys.
    Never,
}

/// A file.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) id: u16,
    pub(super) content: Vec<u8>,
    pub(super) access: Access,
}

/// An application; the one without identifier is the main file.
#[derive(Debug, Clone)]
pub(super) struct Application {
    pub(super) aid: Vec<u8>,
    pub(super) files: Vec<File>,
}

/// All that is written on a chip.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    pub(super) applications: Vec<Application>,
    pub(super) secrets: Vec<Secret>,
}

impl Contents {
    /// Adds an application and gives its place.
    pub(super) fn application(&mut self, aid: &[u8]) -> usize {
        self.applications.push(Application {
            aid: aid.to_vec(),
            files: Vec::new(),
        });
        self.applications.len() - 1
    }

    /// Adds a file to the newest application.
    pub(super) fn file(&mut self, id: u16, content: Vec<u8>, access: Access) {
        if let Some(application) = self.applications.last_mut() {
            application.files.push(File {
                id,
                content,
                access,
            });
        }
    }

    /// Adds a secret to the newest application.
    pub(super) fn secret(&mut self, name: SecretName, id: u16, value: &str, tries_max: u8) {
        self.secrets.push(Secret {
            name,
            application: self.applications.len().saturating_sub(1),
            id,
            value: value.as_bytes().to_vec(),
            tries: tries_max,
            tries_max,
            opened: false,
        });
    }
}
