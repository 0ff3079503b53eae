//! The counter beside: another daemon of the same branch, or of another, with a staff screen and no devices.

use anyhow::{Context, Result};
use device_sim::pcscd::SOCKET_VARIABLE;

use super::Stage;
use super::set_up::{CounterPlace, enrol_counter};
use crate::process::Program;
use crate::screen::Screen;
use crate::script::Scene;

/// A second counter.
#[derive(Debug)]
pub(super) struct Neighbour {
    pub(super) staff: Option<Screen>,
    _daemon: Program,
}

impl Neighbour {
    /// Sets it up, enrols and starts it.
    pub(super) fn move_in(stage: &Stage, scene: &Scene, number: &str) -> Result<Self> {
        let data = stage.folder.join("neighbour");
        let place = CounterPlace {
            data: data.clone(),
            branch: scene.neighbour_branch.as_deref().unwrap_or(&scene.branch),
            place: scene.neighbour_place.as_deref().unwrap_or(&scene.place),
            counter: number,
            printer: None,
            pages: None,
            lan: stage.lan.map(|_| super::free_address()).transpose()?,
            calls: stage.lan,
        };
        enrol_counter(stage, &place)?;
        let mut command = stage.serve(&data);
        // No card service: nothing listens there.
        command.env(SOCKET_VARIABLE, stage.folder.join("no-pcscd"));
        Ok(Self {
            staff: None,
            _daemon: stage
                .start_daemon(command, "neighbour")
                .context("the counter beside")?,
        })
    }

    /// Opens its staff screen without a display.
    pub(super) fn open_screen(&mut self, stage: &Stage) -> Result<()> {
        let socket = stage.folder.join("neighbour").join("screens.sock");
        self.staff = Some(stage.open_screen("neighbour's screen", "staff", &socket)?);
        Ok(())
    }
}
