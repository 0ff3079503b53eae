//! The page printer: PDF pages over the Internet Printing Protocol.
//!
//! One `Print-Job` request (RFC 8011, section 4.2.1) in one HTTP POST (RFC 8010): what every office
//! printer of today and every CUPS queue takes. PDF is handed over as it is, so that the glyphs on
//! paper are those of the archive. Plain `ipp://` only; the queue on the appliance itself speaks
//! TLS to printers farther away. What becomes of a job is asked in [`crate::page_jobs`].

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use thiserror::Error;

use crate::attributes::{self, PagePrinterStatus};
use crate::page_jobs::{Operation, TakenJob, taken};

/// Why pages were not taken.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrintPagesError {
    /// The address is not `ipp://host[:port]/path`.
    #[error("page printer address is not ipp://host/path")]
    Address,
    /// Nothing listens there.
    #[error("page printer is not reachable")]
    Unreachable,
    /// The connection broke: the pages may or may not come out.
    #[error("connection to the page printer broke")]
    Broken,
    /// It answered, but not in HTTP and IPP.
    #[error("page printer answers something else than IPP")]
    NotIpp,
    /// It refused the job.
    #[error("page printer refused the job, IPP status {status:#06x}")]
    Refused {
        /// RFC 8011, section 4.1.6 and appendix B.
        status: u16,
    },
}

/// The port of IPP.
const PORT: u16 = 631;
/// `client-error-attributes-or-values-not-supported`.
const ATTRIBUTES_REFUSED: u16 = 0x040b;
/// An answer is a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How a job is to come out, where the printer's own setting is not wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageJob {
    /// The tray (`media-source` of PWG 5100.7, for example `tray-2`); the printer chooses without
    /// one.
    pub tray: Option<String>,
    /// Which sides.
    pub sides: Sides,
    /// How often, 1 to 99; 0 counts as 1.
    pub copies: u8,
    /// This page only, from 1; 0 for all of them.
    pub page: u16,
}

impl PageJob {
    /// The same without what a printer may lack: it prints on what it has then.
    fn plain(&self) -> Self {
        Self {
            tray: None,
            sides: Sides::AsSet,
            ..self.clone()
        }
    }
}

/// Which sides of a sheet are printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// As the printer is set.
    #[default]
    AsSet,
    /// The front only.
    One,
    /// Both, turned like a book.
    Both,
}

impl Sides {
    /// Keyword of RFC 8011, section 5.2.8.
    const fn keyword(self) -> Option<&'static str> {
        match self {
            Self::AsSet => None,
            Self::One => Some("one-sided"),
            Self::Both => Some("two-sided-long-edge"),
        }
    }
}

/// A printer or queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePrinter {
    host: String,
    port: u16,
    path: String,
    timeout: Duration,
}

impl PagePrinter {
    /// A printer at `address`, for example `ipp://localhost/printers/counter`. `timeout` bounds
    /// connecting, every write and the answer.
    ///
    /// # Errors
    /// [`PrintPagesError::Address`].
    pub fn new(address: &str, timeout: Duration) -> Result<Self, PrintPagesError> {
        let rest = address
            .strip_prefix("ipp://")
            .ok_or(PrintPagesError::Address)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| PrintPagesError::Address)?),
            None => (authority, PORT),
        };
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if host.is_empty() || !plain(host) || !plain(path) {
            return Err(PrintPagesError::Address);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            path: format!("/{path}"),
            timeout,
        })
    }

    /// Hands the pages over; returns when the printer has taken the job, not when it is on paper.
    /// `job` is what the queue shows: never a name or an address.
    ///
    /// # Errors
    /// See [`PrintPagesError`].
    pub fn print(&self, pdf: &[u8], job: &str) -> Result<(), PrintPagesError> {
        self.print_as(pdf, job, &PageJob::default())
    }

    /// As [`Self::print`], from a tray and on the sides that the form wants.
    ///
    /// # Errors
    /// See [`PrintPagesError`].
    pub fn print_as(&self, pdf: &[u8], job: &str, how: &PageJob) -> Result<(), PrintPagesError> {
        self.submit(pdf, job, how).map(drop)
    }

    /// Hands the pages over and says which job they became. A printer that refuses the tray or the
    /// sides is asked once more without them: the pages matter more than what they lie on.
    ///
    /// # Errors
    /// See [`PrintPagesError`]. After [`PrintPagesError::Broken`] the pages may still come out.
    pub fn submit(
        &self,
        pdf: &[u8],
        job: &str,
        how: &PageJob,
    ) -> Result<TakenJob, PrintPagesError> {
        let plain = how.plain();
        match taken(&self.post(&self.request(job, how), pdf)?) {
            Err(PrintPagesError::Refused {
                status: ATTRIBUTES_REFUSED,
            }) if plain != *how => {
                let job = taken(&self.post(&self.request(job, &plain), pdf)?)?;
                Ok(TakenJob {
                    as_asked: false,
                    ..job
                })
            }
            answered => answered,
        }
    }

    /// Asks how the printer is, which model, and which firmware.
    ///
    /// # Errors
    /// See [`PrintPagesError`].
    pub fn status(&self) -> Result<PagePrinterStatus, PrintPagesError> {
        let answer = self.post(&self.question(), &[])?;
        attributes::parse(&answer).ok_or(PrintPagesError::NotIpp)
    }

    /// One request and its document; the IPP part of the answer.
    pub(crate) fn post(&self, request: &[u8], document: &[u8]) -> Result<Vec<u8>, PrintPagesError> {
        let mut stream = self.connect()?;
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/ipp\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.path,
            self.host,
            self.port,
            request.len() + document.len()
        );
        let sent = [head.as_bytes(), request, document]
            .into_iter()
            .try_for_each(|part| stream.write_all(part));
        sent.and_then(|()| stream.flush())
            .map_err(|_| PrintPagesError::Broken)?;
        let (answer, is_cut) = read_answer(&mut stream);
        match ipp_body(&answer) {
            Some(body) => Ok(body),
            None if is_cut || answer.is_empty() => Err(PrintPagesError::Broken),
            None => Err(PrintPagesError::NotIpp),
        }
    }

    fn connect(&self) -> Result<TcpStream, PrintPagesError> {
        let connect = || -> io::Result<TcpStream> {
            let mut last = io::Error::from(io::ErrorKind::NotFound);
            for address in (self.host.as_str(), self.port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, self.timeout) {
                    Ok(stream) => {
                        stream.set_read_timeout(Some(self.timeout))?;
                        stream.set_write_timeout(Some(self.timeout))?;
                        return Ok(stream);
                    }
                    Err(error) => last = error,
                }
            }
            Err(last)
        };
        connect().map_err(|_| PrintPagesError::Unreachable)
    }

    /// `Print-Job`, with the attributes every printer asks for.
    fn request(&self, job: &str, how: &PageJob) -> Vec<u8> {
        let mut bytes = self.operation(Operation::PrintJob);
        attribute(&mut bytes, 0x42, "requesting-user-name", "todoke");
        attribute(&mut bytes, 0x42, "job-name", job);
        attribute(&mut bytes, 0x49, "document-format", "application/pdf");
        job_attributes(&mut bytes, how);
        bytes.push(0x03);
        bytes
    }

    /// `Get-Printer-Attributes`.
    fn question(&self) -> Vec<u8> {
        let mut bytes = self.operation(Operation::GetPrinterAttributes);
        attribute(&mut bytes, 0x42, "requesting-user-name", "todoke");
        asked_for(&mut bytes, &attributes::ASKED);
        bytes.push(0x03);
        bytes
    }

    /// The head of a request of version 2.0: what is to be done, and at which printer.
    pub(crate) fn operation(&self, what: Operation) -> Vec<u8> {
        let uri = format!("ipp://{}:{}{}", self.host, self.port, self.path);
        let mut bytes = vec![2, 0, 0, what.code(), 0, 0, 0, 1, 0x01];
        attribute(&mut bytes, 0x47, "attributes-charset", "utf-8");
        attribute(&mut bytes, 0x48, "attributes-natural-language", "ja");
        attribute(&mut bytes, 0x45, "printer-uri", &uri);
        bytes
    }
}

/// `requested-attributes`: the first value has the name.
pub(crate) fn asked_for(bytes: &mut Vec<u8>, asked: &[&str]) {
    for (index, one) in asked.iter().enumerate() {
        let name = if index == 0 {
            "requested-attributes"
        } else {
            ""
        };
        attribute(bytes, 0x44, name, one);
    }
}

/// The group of job attributes (tag 02); none where nothing is asked for.
fn job_attributes(bytes: &mut Vec<u8>, how: &PageJob) {
    let copies = how.copies.clamp(1, 99);
    let sides = how.sides.keyword();
    if copies == 1 && sides.is_none() && how.tray.is_none() && how.page == 0 {
        return;
    }
    bytes.push(0x02);
    if copies > 1 {
        numbers(bytes, 0x21, "copies", &[u32::from(copies)]);
    }
    if how.page > 0 {
        let page = u32::from(how.page);
        numbers(bytes, 0x33, "page-ranges", &[page, page]);
    }
    if let Some(sides) = sides {
        attribute(bytes, 0x44, "sides", sides);
    }
    if let Some(tray) = &how.tray {
        // A collection of one member (RFC 8010, section 3.1.6).
        attribute(bytes, 0x34, "media-col", "");
        attribute(bytes, 0x4a, "", "media-source");
        attribute(bytes, 0x44, "", tray);
        attribute(bytes, 0x37, "", "");
    }
}

/// An attribute of whole numbers of four bytes: an integer, or both ends of a range.
pub(crate) fn numbers(bytes: &mut Vec<u8>, tag: u8, name: &str, values: &[u32]) {
    let value: Vec<u8> = values.iter().flat_map(|one| one.to_be_bytes()).collect();
    written(bytes, tag, [name.as_bytes(), &value]);
}

/// One attribute whose value is a text.
pub(crate) fn attribute(bytes: &mut Vec<u8>, tag: u8, name: &str, value: &str) {
    written(bytes, tag, [name.as_bytes(), value.as_bytes()]);
}

/// Tag, name and value, each of the two behind its length in two bytes.
fn written(bytes: &mut Vec<u8>, tag: u8, parts: [&[u8]; 2]) {
    bytes.push(tag);
    for part in parts {
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend(part.iter().take(usize::from(length)));
    }
}

/// The IPP part of an HTTP answer; `None` when it is something else.
fn ipp_body(answer: &[u8]) -> Option<Vec<u8>> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let body = answer.get(end + 4..)?;
    let code = head.split(' ').nth(1)?;
    if code == "100" {
        return ipp_body(body);
    }
    if code != "200" {
        return None;
    }
    let chunked = head.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        line.starts_with("transfer-encoding:") && line.contains("chunked")
    });
    let body = if chunked {
        unchunked(body)?
    } else {
        body.to_vec()
    };
    (body.len() >= 4).then_some(body)
}

/// Reads until the answer is whole; whether it ended before. Printers leave the connection open
/// although they were asked to close it, so waiting for its end would cost the whole time-out.
fn read_answer(stream: &mut TcpStream) -> (Vec<u8>, bool) {
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while answer.len() < ANSWER_BYTES_MAX && !is_whole(&answer) {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => answer.extend(piece.iter().take(length)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return (answer, true),
        }
    }
    (answer, false)
}

/// Whether nothing more can come: all bytes its head announces are there, or the last piece.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let (head, body) = answer.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    if head.split(' ').nth(1) == Some("100") {
        return is_whole(body);
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse::<usize>().ok());
    match length {
        Some(length) => body.len() >= length,
        None if head.contains("chunked") => pieces(body).is_some_and(|(_, whole)| whole),
        None => false,
    }
}

/// A body in pieces; a connection that ends early gives what came until then.
fn unchunked(body: &[u8]) -> Option<Vec<u8>> {
    pieces(body).map(|(whole, _)| whole)
}

/// A body in pieces (RFC 9112, section 7.1), and whether the last of them is there.
fn pieces(mut rest: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = size.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        let after = rest.get(end + 2..)?;
        if size == 0 {
            return Some((whole, true));
        }
        let piece = after.get(..size).unwrap_or(after);
        whole.extend_from_slice(piece);
        match after.get(size.saturating_add(2)..) {
            Some(next) if !next.is_empty() => rest = next,
            Some(_) | None => return Some((whole, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Prints to a printer that gives `answer`; what it received, and how the print ended.
    fn print_to(answer: &'static [u8]) -> (Vec<u8>, Result<(), PrintPagesError>) {
        print_as_to(answer, &PageJob::default())
    }

    fn print_as_to(answer: &'static [u8], how: &PageJob) -> (Vec<u8>, Result<(), PrintPagesError>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let printer = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut received = Vec::new();
            let mut part = [0; 4096];
            while !received.ends_with(b"%%EOF") {
                let length = stream.read(&mut part).expect("bytes");
                received.extend_from_slice(&part[..length]);
            }
            stream.write_all(answer).expect("answered");
            received
        });
        let address = format!("ipp://127.0.0.1:{port}/printers/counter");
        let pages = PagePrinter::new(&address, Duration::from_secs(5)).expect("an address");
        let printed = pages.print_as(b"%PDF-1.7 pages %%EOF", "07-2-261121-0184-6", how);
        (printer.join().expect("received"), printed)
    }

    const TAKEN: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\x02\x00\x00\x00\x00\x00\x00\x01\x03";

    #[test]
    fn pages_arrive_as_they_are_behind_the_request() {
        let (received, printed) = print_to(TAKEN);
        assert_eq!(printed, Ok(()));
        let text = String::from_utf8_lossy(&received);
        assert!(text.starts_with("POST /printers/counter HTTP/1.1\r\n"));
        assert!(text.contains("job-name\u{0}\u{12}07-2-261121-0184-6"));
        assert!(text.ends_with("\u{3}%PDF-1.7 pages %%EOF"));
    }

    #[test]
    fn tray_sides_and_copies_stand_in_the_request() {
        let how = PageJob {
            tray: Some("tray-2".to_owned()),
            sides: Sides::Both,
            copies: 2,
            page: 3,
        };
        let (received, printed) = print_as_to(TAKEN, &how);
        assert_eq!(printed, Ok(()));
        let text = String::from_utf8_lossy(&received);
        let group = "application/pdf\u{2}!\0\u{6}copies\0\u{4}\0\0\0\u{2}\
                     3\0\u{b}page-ranges\0\u{8}\0\0\0\u{3}\0\0\0\u{3}\
                     D\0\u{5}sides\0\u{13}two-sided-long-edge\
                     4\0\u{9}media-col\0\0J\0\0\0\u{c}media-sourceD\0\0\0\u{6}tray-2\
                     7\0\0\0\0\u{3}%PDF";
        assert!(text.contains(group), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn foreign_answers_never_panic(
            head in "(HTTP/1.1 (100|200|404) [a-z]{0,3}\r\n)?(transfer-encoding: chunked\r\n)?\r\n",
            body in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..300),
        ) {
            let answer = [head.as_bytes(), &body].concat();
            if let Some(found) = ipp_body(&answer) {
                proptest::prop_assert!(found.len() <= answer.len());
            }
        }

        #[test]
        fn foreign_pieces_never_panic(
            sizes in proptest::collection::vec("[0-9a-fx;]{0,20}\r\n[a-z]{0,20}\r\n", 0..6),
        ) {
            let body = sizes.concat();
            if let Some(found) = unchunked(body.as_bytes()) {
                proptest::prop_assert!(found.len() <= body.len());
            }
        }
    }

    #[test]
    fn interim_and_chunked_answers_are_understood() {
        let answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n\x02\x00\x00\x01\x00\x00\x00\x01\x03\r\n0\r\n\r\n";
        assert_eq!(print_to(answer).1, Ok(()));
    }

    #[test]
    fn a_tray_that_a_printer_refuses_stops_no_pages() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let refused: &[u8] =
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\x02\x00\x04\x0b\x00\x00\x00\x01\x03";
        let printer = thread::spawn(move || {
            let mut asked = Vec::new();
            for answer in [refused, TAKEN] {
                let (mut stream, _) = listener.accept().expect("a caller");
                let (mut received, mut part) = (Vec::new(), [0; 4096]);
                while !received.ends_with(b"%%EOF") {
                    let length = stream.read(&mut part).expect("bytes");
                    received.extend_from_slice(&part[..length]);
                }
                stream.write_all(answer).expect("answered");
                asked.push(String::from_utf8_lossy(&received).into_owned());
            }
            asked
        });
        let how = PageJob {
            tray: Some("tray-9".to_owned()),
            page: 2,
            ..PageJob::default()
        };
        let address = format!("ipp://127.0.0.1:{port}/");
        let pages = PagePrinter::new(&address, Duration::from_secs(5)).expect("an address");
        let taken = pages.submit(b"%PDF %%EOF", "07-2-261121-0184-6", &how);
        assert!(taken.is_ok_and(|job| !job.as_asked));
        let asked = printer.join().expect("the printer");
        let says = |word: &str| {
            asked
                .iter()
                .map(|one| one.contains(word))
                .collect::<Vec<_>>()
        };
        assert_eq!(says("tray-9"), [true, false]);
        assert_eq!(says("page-ranges"), [true, true], "the page is no wish");
    }

    /// CUPS' own printer program does not close a connection that it was asked to close.
    #[test]
    fn an_answer_is_whole_although_the_connection_stays_open() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let chunked: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n\x02\x00\x00\x00\x00\x00\x00\x01\x03\r\n0\r\n\r\n";
        let (done, over) = std::sync::mpsc::channel::<()>();
        let printer = thread::spawn(move || {
            for answer in [TAKEN, chunked] {
                let (mut stream, _) = listener.accept().expect("a caller");
                stream.write_all(answer).expect("answered");
                // Held open until the caller has gone on.
                over.recv().expect("the caller goes on");
            }
        });
        let address = format!("ipp://127.0.0.1:{port}/");
        // Nobody waits so long: a wait for the end would never be over.
        let pages = PagePrinter::new(&address, Duration::from_hours(1)).expect("an address");
        for _ in 0..2 {
            assert_eq!(pages.print(b"%PDF", "07-2-261121-0184-6"), Ok(()));
            done.send(()).expect("the printer");
        }
        printer.join().expect("the printer");
    }

    #[test]
    fn refusal_says_the_status() {
        let refused = b"HTTP/1.1 200 OK\r\n\r\n\x02\x00\x05\x06\x00\x00\x00\x01\x03";
        let error = PrintPagesError::Refused { status: 0x0506 };
        assert_eq!(print_to(refused).1, Err(error));
        let web_page = b"HTTP/1.1 404 Not Found\r\n\r\n<html>";
        assert_eq!(print_to(web_page).1, Err(PrintPagesError::NotIpp));
        assert_eq!(print_to(b"").1, Err(PrintPagesError::Broken));
    }

    #[test]
    fn a_status_in_several_pieces_is_put_together() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let printer = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut received = Vec::new();
            let mut part = [0; 4096];
            while !received.ends_with(&[0x03]) {
                let length = stream.read(&mut part).expect("bytes");
                received.extend_from_slice(&part[..length]);
            }
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let first = b"9\r\n\x02\x00\x00\x00\x00\x00\x00\x01\x04\r\n";
            let second =
                b"24;x=y\r\n\x44\x00\x15printer-state-reasons\x00\x09media-jam\x03\r\n0\r\n\r\n";
            for piece in [&head[..], first, second] {
                stream.write_all(piece).expect("answered");
            }
            received
        });
        let address = format!("ipp://127.0.0.1:{port}/ipp/print");
        let pages = PagePrinter::new(&address, Duration::from_secs(5)).expect("an address");
        let status = pages.status().expect("a status");
        assert_eq!(status.conditions, [crate::PageCondition::Jam]);
        let asked = printer.join().expect("received");
        assert!(String::from_utf8_lossy(&asked).contains("printer-firmware-string-version"));
    }

    #[test]
    fn addresses_are_checked() {
        let opened = |address| PagePrinter::new(address, Duration::from_secs(1)).map(|p| p.port);
        assert_eq!(opened("ipp://localhost/printers/a"), Ok(631));
        assert_eq!(opened("ipp://10.0.0.7:8631/ipp/print"), Ok(8631));
        for wrong in [
            "http://localhost/",
            "ipp:///x",
            "ipp://host:many/x",
            "ipp://ho st/x",
        ] {
            assert_eq!(opened(wrong), Err(PrintPagesError::Address), "{wrong}");
        }
    }
}
