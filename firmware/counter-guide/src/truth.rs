//! Kleene's three values.

/// True, false or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    False,
    Unknown,
    True,
}

impl From<bool> for Truth {
    fn from(known: bool) -> Self {
        if known { Self::True } else { Self::False }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

/// False when one is false, unknown when one is unknown, otherwise true.
pub(crate) fn all(values: impl Iterator<Item = Truth>) -> Truth {
    !any(values.map(|value| !value))
}

/// True when one is true, unknown when one is unknown, otherwise false.
pub(crate) fn any(values: impl Iterator<Item = Truth>) -> Truth {
    let mut result = Truth::False;
    for value in values {
        match value {
            Truth::True => return Truth::True,
            Truth::Unknown => result = Truth::Unknown,
            Truth::False => {}
        }
    }
    result
}
