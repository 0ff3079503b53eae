//! Printers: how soon the first line of a receipt leaves, and how soon a printer has a page job.
//!
//! The printers are programs on this machine that answer at once, so the figures are our own share
//! and that of the loopback: the receipt is composed within the time, with the fonts of the forms as
//! the counter has them, and once more with fonts that must be read first.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use counter_forms::{Assets, FontPaths, Forms, SampleKind};
use paper_devices::{
    FontRaster, NetworkPrinter, PageJob, PagePrinter, ReadBack, Receipt, ReceiptLine,
    ReceiptPrinter as _, Sides,
};

use crate::figure::{Figure, percentile, time};

const TIMEOUT: Duration = Duration::from_secs(5);
/// Taken: version 2.0, status 0, request 1, end of attributes.
const TAKEN: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\x02\x00\x00\x00\x00\x00\x00\x01\x03";

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let fonts = FontPaths::default();
    let forms = Forms::new(&fonts)?;
    let shared = FontRaster::of(forms.font_bytes());
    let (mut lines, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        lines.push(first_line(shared.clone())?);
        let unread = FontRaster::when_needed(&[&fonts.label, &fonts.exact]);
        alone.push(first_line(unread)?);
    }
    let data = forms
        .sample("guidance", SampleKind::Typical)
        .context("no sample")?;
    let assets = Assets::for_receipt("07-2-261121-0184-6");
    let pdf = forms.render("guidance", &data, &assets, "2026-11-21")?.pdf;
    let mut jobs = Vec::new();
    for _ in 0..20 {
        jobs.push(accepted(&pdf)?);
    }
    Ok(vec![
        Figure::within(
            "receipt: first line sent, p95",
            percentile(&mut lines, 95),
            300.0,
        ),
        Figure::within(
            "receipt: the same, fonts read first, p95",
            percentile(&mut alone, 95),
            300.0,
        ),
        Figure::within("pages: job accepted, p95", percentile(&mut jobs, 95), 500.0),
    ])
}

/// From the order to the first byte of print at the printer, with a name that no font of labels has.
#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn first_line(raster: FontRaster) -> Result<Duration> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let (arrived, first) = channel();
    let printer = thread::spawn(move || receipt_printer(&listener, &arrived));
    let start = Instant::now();
    let mut ours = NetworkPrinter::new(address, TIMEOUT, ReadBack::Ask, Arc::new(raster));
    ours.print(&receipt())?;
    drop(ours);
    printer.join().ok().context("the printer ended badly")??;
    Ok(first.recv()?.duration_since(start))
}

/// With a character that must be drawn, as names have.
fn receipt() -> Receipt {
    Receipt {
        heading: "架空市".to_owned(),
        title: "受付票".to_owned(),
        number_label: "受付番号".to_owned(),
        number: "07-2-261121-0184-6".to_owned(),
        lines: vec![
            ReceiptLine::new("手続き", "転入（カード）"),
            ReceiptLine::new("窓口", "葛\u{e0102}倉市民センター 2番窓口"),
        ],
        qr: Some("07-2-261121-0184-6".to_owned()),
        ..Receipt::default()
    }
}

/// Ready, with paper; tells when the first byte of print came.
#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn receipt_printer(listener: &TcpListener, arrived: &Sender<Instant>) -> Result<()> {
    let (mut stream, _) = listener.accept()?;
    let mut received: Vec<u8> = Vec::new();
    let (mut part, mut told, mut answered) = ([0; 16 * 1024], false, 0);
    loop {
        let length = stream.read(&mut part)?;
        if length == 0 {
            return Ok(());
        }
        received.extend(part.iter().take(length));
        let asked = |three: &&[u8]| matches!(three, [0x10, 0x04, _] | [0x1d, 0x72, 0x01]);
        let asked = received.windows(3).filter(asked).count();
        // Two questions come before the print.
        if !told && received.len() > 6 {
            told = true;
            arrived.send(Instant::now())?;
        }
        for _ in answered..asked {
            stream.write_all(&[if told { 0x00 } else { 0x12 }])?;
        }
        answered = asked;
    }
}

fn accepted(pdf: &[u8]) -> Result<Duration> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address: SocketAddr = listener.local_addr()?;
    let printer = thread::spawn(move || -> Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut received = Vec::new();
        let mut part = vec![0; 64 * 1024];
        let whole = |received: &[u8]| {
            let end = received.windows(4).position(|four| four == b"\r\n\r\n")?;
            let head = std::str::from_utf8(received.get(..end)?).ok()?;
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "))?;
            Some(end + 4 + length.parse::<usize>().ok()?)
        };
        while whole(&received).is_none_or(|end| received.len() < end) {
            let length = stream.read(&mut part)?;
            received.extend(part.iter().take(length));
            if length == 0 {
                break;
            }
        }
        stream.write_all(TAKEN)?;
        Ok(())
    });
    let pages = PagePrinter::new(&format!("ipp://{address}/ipp/print"), TIMEOUT)?;
    let how = PageJob {
        tray: Some("tray-2".to_owned()),
        sides: Sides::Both,
        ..PageJob::default()
    };
    let (taken, took) = time(|| pages.print_as(pdf, "07-2-261121-0184-6", &how));
    taken?;
    printer.join().ok().context("the printer ended badly")??;
    Ok(took)
}
