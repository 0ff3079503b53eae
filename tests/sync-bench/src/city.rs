//! Head office: the real `todoke-hub serve`, set up with its own commands.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use counter_domain::ids::DeviceId;
use hub_store::HubStore;
use replica::DatabaseKey;
use serde::Deserialize;
use sync_protocol::SiteId;

use crate::clock::around;
use crate::process::{Program, beside, bytes_of, run};

/// A hub that runs, and its folder.
#[derive(Debug)]
pub(crate) struct City {
    data: PathBuf,
    hub: PathBuf,
    program: Program,
    listen: SocketAddr,
    device: DeviceId,
}

#[derive(Deserialize)]
struct Ready {
    listen: SocketAddr,
}

#[derive(Deserialize)]
struct About {
    device: DeviceId,
}

impl City {
    /// Makes a hub in `folder` and starts it.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let hub = beside("todoke-hub")?;
        std::fs::create_dir_all(folder)?;
        let data = folder.join("hub");
        let path = data.to_string_lossy().into_owned();
        run(&hub, &["init", "--data", &path, "--city", "六会市"])?;
        let ready = folder.join("ready");
        let mut command = Command::new(&hub);
        command
            .args(["serve", "--data", &path, "--listen", "127.0.0.1:0"])
            .args(["--desk", "127.0.0.1:0", "--desk-plain", "--ready-file"])
            .arg(&ready)
            .env("RUST_LOG", "warn");
        let mut program = Program::start(&mut command, &folder.join("hub.log"))?;
        let said: Ready = serde_json::from_str(&program.said(&ready).await?)?;
        let about: About = serde_json::from_slice(&std::fs::read(data.join("hub.json"))?)?;
        Ok(Self {
            data,
            hub,
            program,
            listen: said.listen,
            device: about.device,
        })
    }

    /// Where counters reach it.
    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Its site.
    pub(crate) fn site(&self) -> SiteId {
        SiteId(self.device.0)
    }

    /// The program.
    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// A one-time code for a counter of that branch.
    pub(crate) fn code(&self, branch: &str) -> Result<String> {
        let path = self.data.to_string_lossy();
        let name = format!("支所{branch} 窓口");
        let arguments = [
            "enrol", "--data", &path, "--branch", branch, "--name", &name,
        ];
        Ok(run(&self.hub, &arguments)?.trim().to_owned())
    }

    /// Opens its database beside the program, to look at what the desk shows.
    pub(crate) fn look(&self) -> Result<HubStore> {
        let key = std::fs::read_to_string(self.data.join("database.key"))?;
        let key = DatabaseKey::from_hex(key.trim()).context("the hub's key")?;
        let path = self.data.join("hub.sqlite");
        Ok(HubStore::open(&path, &key, self.device, around())?)
    }

    /// Bytes of its database with its log.
    pub(crate) fn database_bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        for name in ["hub.sqlite", "hub.sqlite-wal"] {
            let path = self.data.join(name);
            if path.exists() {
                bytes += bytes_of(&path)?;
            }
        }
        Ok(bytes)
    }
}
