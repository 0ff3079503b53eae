//! A receipt from the document to the paper, over TCP.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use device_sim::printer::{PrinterSim, PrinterState, draw};
use paper_devices::{
    FilePrinter, FontRaster, LineRaster, NetworkPrinter, PrintReceiptError, PrinterStatus,
    ReadBack, Receipt, ReceiptLine, ReceiptPrinter,
};

const ROM: &str = "/usr/share/fonts/truetype/bizud-gothic/BIZUDGothic-Regular.ttf";
const NAMES: &str = "/usr/share/fonts/truetype/ipamj/ipamjm.ttf";

fn raster() -> Arc<dyn LineRaster> {
    Arc::new(FontRaster::open(&[Path::new(NAMES), Path::new(ROM)]).unwrap())
}

fn receipt(name: &str) -> Receipt {
    Receipt {
        heading: "架空市　東支所　市民窓口".to_owned(),
        title: "受付控え".to_owned(),
        number_label: "受付番号".to_owned(),
        number: "01-A7-0042".to_owned(),
        lines: vec![
            ReceiptLine::new("届出", "転入届（カードによる）"),
            ReceiptLine::new("お名前", name),
            ReceiptLine::new("届出日", "令和8年11月21日"),
        ],
        guidance_title: "次の手続".to_owned(),
        guidance: vec![
            "国民健康保険の加入：転入した日から14日以内。本人確認書類をお持ちください。".to_owned(),
            "マイナンバーカードの継続利用：90日以内。".to_owned(),
        ],
        qr: Some("TODOKE:01-A7-0042".to_owned()),
        footer: vec!["この控えは手続が終わるまでお持ちください。".to_owned()],
    }
}

fn start(folder: &Path) -> (PrinterSim, NetworkPrinter) {
    let sim = PrinterSim::start(
        SocketAddr::from((Ipv4Addr::new(127, 7, 7, 3), 0)),
        folder,
        Path::new(ROM),
    )
    .unwrap();
    let client = client(&sim, Duration::from_secs(20));
    (sim, client)
}

/// With a patience that a busy machine does not wear out, or a short one for a printer that says
/// nothing however long one waits.
fn client(sim: &PrinterSim, patience: Duration) -> NetworkPrinter {
    NetworkPrinter::new(sim.address(), patience, ReadBack::Ask, raster())
}

#[test]
fn receipt_comes_out_with_its_kanji() {
    let folder = tempfile::tempdir().unwrap();
    let (sim, mut client) = start(folder.path());
    assert_eq!(client.status(), Ok(PrinterStatus::Ready));
    client.print(&receipt("架空　太郎")).unwrap();
    let picture = sim.next_receipt().unwrap();
    let job = std::fs::read(picture.with_extension("bin")).unwrap();
    let (paper, unknown) = draw(&job, &FontRaster::open(&[Path::new(ROM)]).unwrap());
    assert_eq!(unknown, 0);
    for text in ["受付番号", "01-A7-0042", "架空　太郎", "国民健康保険"] {
        assert!(paper.text().contains(text), "{text} is missing");
    }
    assert!(!paper.text().contains('■'));
    if let Some(keep) = std::env::var_os("TODOKE_KEEP_PICTURES") {
        std::fs::copy(&picture, Path::new(&keep).join("receipt-plain.png")).unwrap();
    }
}

#[test]
fn rare_characters_come_out_as_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let (sim, mut client) = start(folder.path());
    client.print(&receipt("髙橋　𠮷葛\u{e0102}")).unwrap();
    let picture = sim.next_receipt().unwrap();
    let job = std::fs::read(picture.with_extension("bin")).unwrap();
    let pictures = job
        .windows(3)
        .filter(|bytes| *bytes == [0x1d, 0x76, 0x30])
        .count();
    assert_eq!(pictures, 1, "one line has rare characters");
    let (paper, unknown) = draw(&job, &FontRaster::open(&[Path::new(ROM)]).unwrap());
    assert_eq!(unknown, 0);
    assert!(
        !paper.text().contains("お名前"),
        "the whole line is a picture"
    );
    if let Some(keep) = std::env::var_os("TODOKE_KEEP_PICTURES") {
        std::fs::copy(&picture, Path::new(&keep).join("receipt-rare.png")).unwrap();
    }
}

#[test]
fn a_receipt_in_safe_characters_opens_no_font() {
    let folder = tempfile::tempdir().unwrap();
    let (label, names) = (
        folder.path().join("label.ttf"),
        folder.path().join("names.ttf"),
    );
    let raster = FontRaster::when_needed(&[&label, &names]);
    let printed = folder.path().join("receipts.bin");
    let mut printer = FilePrinter::new(&printed, Arc::new(raster.clone()));
    // Neither font is there: whoever opened one would fail here.
    printer.print(&receipt("架空　太郎")).unwrap();
    assert_eq!(raster.fonts_read(), 0);
    let raster = FontRaster::when_needed(&[&label, &names]);
    let mut printer = FilePrinter::new(&printed, Arc::new(raster.clone()));
    std::fs::copy(ROM, &label).unwrap();
    std::fs::copy(NAMES, &names).unwrap();
    printer.print(&receipt("髙橋")).unwrap();
    assert_eq!(raster.fonts_read(), 1, "the font of labels has it");
    printer.print(&receipt("髙橋　葛\u{e0102}")).unwrap();
    assert_eq!(raster.fonts_read(), 2);
    // They are kept: the files are not asked for again.
    std::fs::remove_file(&label).unwrap();
    std::fs::remove_file(&names).unwrap();
    printer.print(&receipt("𠮷野")).unwrap();
}

#[test]
fn variation_changes_the_glyph_and_an_unknown_one_is_refused() {
    let raster = raster();
    let [base, mj] = ["葛", "葛\u{e0102}"].map(|text| raster.draw(text, 48).unwrap());
    assert_ne!(base, mj);
    // A pair no font has must not fall back to the base glyph.
    assert!(raster.draw("葛\u{e01ef}", 48).is_err());
    let folder = tempfile::tempdir().unwrap();
    let (_sim, mut client) = start(folder.path());
    assert_eq!(
        client.print(&receipt("葛\u{e01ef}")),
        Err(PrintReceiptError::Undrawable)
    );
}

#[test]
fn paper_end_and_open_cover_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut sim, mut client) = start(folder.path());
    for (state, error) in [
        (PrinterState::PaperEnd, PrintReceiptError::PaperEnd),
        (PrinterState::CoverOpen, PrintReceiptError::CoverOpen),
        (PrinterState::Unplugged, PrintReceiptError::Unreachable),
    ] {
        sim.set(state).unwrap();
        assert_eq!(
            client.print(&receipt("架空　太郎")),
            Err(error),
            "{state:?}"
        );
    }
    sim.set(PrinterState::Silent).unwrap();
    let mut hasty = self::client(&sim, Duration::from_millis(300));
    let printed = hasty.print(&receipt("架空　太郎"));
    assert_eq!(printed, Err(PrintReceiptError::NoAnswer));
    sim.set(PrinterState::Ready).unwrap();
    client.print(&receipt("架空　太郎")).unwrap();
}

#[test]
fn paper_that_ends_midway_is_not_taken_for_printed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut sim, mut client) = start(folder.path());
    sim.set(PrinterState::PaperEndAfter(4)).unwrap();
    assert_eq!(
        client.print(&receipt("架空　太郎")),
        Err(PrintReceiptError::PaperEnd)
    );
}

#[test]
fn a_free_port_is_an_unreachable_printer() {
    // At an address no other test has, so that nobody is given the port meanwhile.
    let free = TcpListener::bind((Ipv4Addr::new(127, 7, 7, 2), 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let mut client = NetworkPrinter::new(free, Duration::from_millis(300), ReadBack::Ask, raster());
    assert_eq!(client.status(), Err(PrintReceiptError::Unreachable));
}

#[test]
fn file_and_network_get_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (sim, mut client) = start(folder.path());
    client.print(&receipt("架空　花子")).unwrap();
    let network = std::fs::read(sim.next_receipt().unwrap().with_extension("bin")).unwrap();
    let path = folder.path().join("receipt.escpos");
    FilePrinter::new(&path, raster())
        .print(&receipt("架空　花子"))
        .unwrap();
    assert_eq!(std::fs::read(path).unwrap(), network);
}
