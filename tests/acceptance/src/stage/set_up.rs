//! Setting programs up as a city's IT staff would.

use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use counter_guide::catalogue::BUNDLED;
use device_sim::page_printer::PagePrinterProcess;

use super::{HubReady, Stage, hub_url, log};
use crate::process::{PATIENCE, Program, ready_fifo, run, wait_ready};
use crate::programs::Programs;
use crate::script::{Account, Scene};

/// Sets up head office with its accounts and starts it.
pub(super) fn start_hub(
    programs: &Programs,
    scene: &Scene,
    folder: &Path,
) -> Result<(Program, HubReady)> {
    let data = folder.join("hub");
    init_hub(programs, &data, &scene.city)?;
    for account in &scene.staff {
        add_account(&programs.named("todoke-hub"), &data, account)?;
    }
    publish_catalogue(programs, &data, &folder.join("catalogue"))?;
    serve_hub(programs, folder, "hub")
}

/// What the invented city adds to the catalogue.
const CITYS_OWN: [(&str, &[u8]); 2] = [
    ("maps.yaml", include_bytes!("../../city/maps.yaml")),
    (
        "maps/city-hall.png",
        include_bytes!("../../city/maps/city-hall.png"),
    ),
];

/// Publishes the procedure catalogue from a folder, as a city does that edits its own.
fn publish_catalogue(programs: &Programs, data: &Path, folder: &Path) -> Result<()> {
    let programs_own = BUNDLED.iter().map(|(name, text)| (*name, text.as_bytes()));
    for (name, content) in programs_own.chain(CITYS_OWN) {
        let file = folder.join(name);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(file, content)?;
    }
    let arg = OsStr::new;
    let args = [
        arg("publish"),
        arg("--data"),
        data.as_ref(),
        arg("catalogue"),
        folder.as_ref(),
    ];
    run(&programs.named("todoke-hub"), &args, "").map(drop)
}

/// Publishes the resident copy from a file of invented people.
pub(super) fn publish_residents(programs: &Programs, folder: &Path, file: &Path) -> Result<()> {
    let arg = OsStr::new;
    let data = folder.join("hub");
    let args = [
        arg("publish"),
        arg("--data"),
        data.as_ref(),
        arg("resident-copy"),
        file.as_ref(),
    ];
    run(&programs.named("todoke-hub"), &args, "").map(drop)
}

/// Imports reservations or certificate data from a file of invented people; its days are about today.
pub(super) fn import_prepared(
    programs: &Programs,
    folder: &Path,
    kind: &str,
    file: &Path,
) -> Result<()> {
    let text = fs::read_to_string(file).context("the file of prepared data")?;
    let today = jiff::Zoned::now().in_tz("Asia/Tokyo")?.date();
    let path = folder.join(kind).with_extension("csv");
    fs::write(&path, with_days(&text, today)?)?;
    let arg = OsStr::new;
    let data = folder.join("hub");
    let args = [
        arg(kind),
        arg("import"),
        arg("--data"),
        data.as_ref(),
        path.as_ref(),
    ];
    run(&programs.named("todoke-hub"), &args, "").map(drop)
}

/// Fills in `{today}`, `{today-7}` and `{today+3}`.
pub(super) fn with_days(text: &str, today: jiff::civil::Date) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{today") {
        let (away, after) = behind.split_once('}').context("a day without its end")?;
        let away: i32 = if away.is_empty() { 0 } else { away.parse()? };
        let day = today.checked_add(jiff::Span::new().try_days(away)?)?;
        out.push_str(before);
        out.push_str(&day.to_string());
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Makes a hub's folder.
pub(super) fn init_hub(programs: &Programs, data: &Path, city: &str) -> Result<()> {
    let arg = OsStr::new;
    let args = [
        arg("init"),
        arg("--data"),
        data.as_ref(),
        arg("--city"),
        arg(city),
    ];
    run(&programs.named("todoke-hub"), &args, "").map(drop)
}

/// Starts the hub in `folder/name`.
pub(super) fn serve_hub(
    programs: &Programs,
    folder: &Path,
    name: &str,
) -> Result<(Program, HubReady)> {
    let ready = ready_fifo(folder, &format!("{name}-ready"))?;
    let mut command = Command::new(programs.named("todoke-hub"));
    command
        .arg("serve")
        .arg("--data")
        .arg(folder.join(name))
        .args(["--listen", "127.0.0.1:0"]);
    command
        .args(["--desk", "127.0.0.1:0", "--desk-plain", "--ready-file"])
        .arg(&ready);
    let program = Program::start("todoke-hub serve", &mut command, &log(folder, name))?;
    let said = wait_ready(&ready).context("the hub does not become ready")?;
    let ready = serde_json::from_str(&said).context("the hub's ready file")?;
    Ok((program, ready))
}

fn add_account(hub: &Path, data: &Path, account: &Account) -> Result<()> {
    let arg = OsStr::new;
    let mut args = vec![arg("staff"), arg("add"), arg("--data"), data.as_ref()];
    args.extend([
        arg("--id"),
        arg(&account.id),
        arg("--name"),
        arg(&account.name),
    ]);
    args.extend(
        account
            .roles
            .iter()
            .flat_map(|role| [arg("--role"), arg(role)]),
    );
    args.extend(
        account
            .branches
            .iter()
            .flat_map(|branch| [arg("--branch"), arg(branch)]),
    );
    run(hub, &args, &format!("{}\n", account.password))?;
    Ok(())
}

/// Starts the virtual card of a person, or one of an unknown kind, beside the reader on `port`.
pub(super) fn start_card(
    programs: &Programs,
    port: u16,
    person: Option<&Path>,
    folder: &Path,
) -> Result<Program> {
    let mut command = Command::new(programs.named("todoke-card-sim"));
    command.args(["--port", &port.to_string()]);
    if let Some(person) = person {
        command.arg("--person").arg(person);
    }
    Program::start("todoke-card-sim", &mut command, &log(folder, "card"))
}

pub(super) fn start_printer(programs: &Programs, folder: &Path) -> Result<(Program, String)> {
    let mut command = Command::new(programs.named("todoke-printer-sim"));
    command
        .args(["--listen", "127.0.0.1:0", "--out"])
        .arg(folder.join("receipts"));
    let mut printer = Program::start("todoke-printer-sim", &mut command, &log(folder, "printer"))?;
    let address = printer
        .line(PATIENCE)
        .context("the receipt printer does not say its address")?;
    let address = address.rsplit(' ').next().unwrap_or_default().to_owned();
    Ok((printer, address))
}

/// Starts CUPS' own printer program.
pub(super) fn start_page_printer(folder: &Path) -> Result<PagePrinterProcess> {
    let folder = folder.join("pages");
    fs::create_dir_all(&folder)?;
    PagePrinterProcess::start(&folder).context("the page printer does not start")
}

/// Which counter is set up, and where.
pub(super) struct CounterPlace<'a> {
    pub(super) data: PathBuf,
    pub(super) branch: &'a str,
    pub(super) place: &'a str,
    pub(super) counter: &'a str,
    pub(super) printer: Option<&'a str>,
    /// The page printer's address.
    pub(super) pages: Option<String>,
    /// Where the branch's other counters reach it.
    pub(super) lan: Option<SocketAddr>,
    /// Another counter of the branch, which it calls.
    pub(super) calls: Option<SocketAddr>,
}

/// Sets up a counter and enrols it with a one-time code.
pub(super) fn enrol_counter(stage: &Stage, at: &CounterPlace<'_>) -> Result<()> {
    let arg = OsStr::new;
    let mut init = vec![
        arg("init"),
        arg("--data"),
        at.data.as_ref(),
        arg("--branch"),
        arg(at.branch),
        arg("--counter"),
        arg(at.counter),
        arg("--place"),
        arg(at.place),
    ];
    if let Some(printer) = at.printer {
        init.extend([arg("--receipt-printer"), arg(printer)]);
    }
    if let Some(pages) = &at.pages {
        init.extend([arg("--page-printer"), arg(pages)]);
    }
    let lan = at.lan.map(|address| address.to_string());
    if let Some(lan) = &lan {
        init.extend([arg("--lan"), arg(lan)]);
    }
    let calls = at.calls.map(|address| address.to_string());
    if let Some(calls) = &calls {
        init.extend([arg("--neighbour"), arg(calls)]);
    }
    stage.todoke(&init)?;
    let (hub_data, name) = (stage.hub_data(), format!("{} {}", at.place, at.counter));
    let ask = [
        arg("enrol"),
        arg("--data"),
        hub_data.as_ref(),
        arg("--branch"),
        arg(at.branch),
        arg("--name"),
        arg(&name),
    ];
    let code = run(&stage.programs.named("todoke-hub"), &ask, "")?;
    let url = hub_url(&stage.cable);
    let enrol = [
        arg("enrol"),
        arg("--data"),
        at.data.as_ref(),
        arg("--hub"),
        arg(&url),
        arg(code.trim()),
    ];
    stage.todoke(&enrol).map(drop)
}
