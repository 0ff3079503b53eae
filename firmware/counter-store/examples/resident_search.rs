//! How long searches in a resident copy of 445,000 invented people take, and how much memory making
//! it searchable needs. `cargo run --release -p counter-store --example resident_search`
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement for a person to read"
)]

use std::error::Error;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use counter_domain::ids::DeviceId;
use counter_domain::resident::{COPY_FORMAT, CopyHeader, RESIDENT_COPY, ResidentQuery};
use counter_store::{CounterStore, install_resident_copy};
use hub_store::HubStore;
use replica::{DatabaseKey, Surroundings};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use sync_engine::Store as _;

#[expect(unreachable_pub, reason = "shared with the benchmarks")]
#[path = "../../../tests/bench/src/invented.rs"]
mod invented;
use invented::{CITY, Invented};

const PERSONS: u32 = 445_000;

const QUERIES: [&str; 13] = [
    "タカハシ",
    "髙橋　花子",
    "ワタナベ ハナコ 昭和45年",
    "渡辺 架空町一丁目",
    "1970-03-02",
    "佐藤 昭和45年",
    "架空町三丁目9-6",
    "斎藤 太郎 架空町二丁目",
    "タ",
    "takahashi",
    "渡辺花子",
    "架空町",
    "00000043165",
];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn around() -> Surroundings {
    Surroundings::new(|| 1_795_219_200_000, |bytes| bytes.fill(9))
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("counter.db");
    let open = || {
        CounterStore::open(
            &path,
            &DatabaseKey::from_bytes([4; 32]),
            DeviceId([4; 16]),
            around(),
        )
    };
    let mut store = open()?;
    arrive(&mut store, folder.path())?;
    println!("before making it searchable: peak {}", peak());
    let store = Mutex::new(store);
    let begun = Instant::now();
    install_resident_copy(&store, &mut |_| {})?;
    println!("made searchable in {:?}, peak {}", begun.elapsed(), peak());
    store.into_inner().map_err(|_| "poisoned")?.close()?;
    let index = std::fs::metadata(folder.path().join("counter.db.residents"))?;
    println!("index {} MB", index.len() / 1_000_000);
    let mut all = Vec::new();
    for query in QUERIES {
        let store = open()?;
        let (cold, found) = search(&store, query)?;
        let mut warm = Vec::new();
        for _ in 0..20 {
            warm.push(search(&store, query)?.0);
        }
        store.close()?;
        warm.sort();
        all.extend(warm.iter().copied());
        println!(
            "{query}: {found} found, cold {cold:?}, warm median {:?}, worst {:?}",
            warm[10], warm[19]
        );
    }
    all.sort();
    println!(
        "all warm: p50 {:?}, p99 {:?}",
        all[all.len() / 2],
        all[all.len() * 99 / 100]
    );
    Ok(())
}

fn search(store: &CounterStore, text: &str) -> Result<(Duration, usize)> {
    let begun = Instant::now();
    let found = store.find_residents(&ResidentQuery::parse(text, CITY)?)?;
    Ok((begun.elapsed(), found.people.len()))
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or_default().to_owned()
}

/// Head office publishes and the counter stages, in pieces.
fn arrive(store: &mut CounterStore, folder: &std::path::Path) -> Result<()> {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| "no key")?;
    let publisher =
        EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).map_err(|_| "no key")?;
    store.set_publishing_key(publisher.public_key().as_ref())?;
    let key = DatabaseKey::from_bytes([5; 32]);
    let mut hub = HubStore::open(&folder.join("hub.db"), &key, DeviceId([5; 16]), around())?;
    hub.publish(RESIDENT_COPY, &packed()?, |bytes| {
        let signature = publisher.sign(&random, bytes);
        signature.map_or_else(|_| Vec::new(), |signature| signature.as_ref().to_vec())
    })?;
    for offer in hub.datasets()? {
        let mut next = store.dataset_wanted(&offer)?;
        while let Some(offset) = next {
            let part = hub.dataset_part(&offer.name, offer.version, offset, 1 << 20)?;
            next = store.stage_dataset(&offer, &part.ok_or("no part")?)?;
        }
    }
    Ok(())
}

fn packed() -> Result<Vec<u8>> {
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 6)?;
    let header = CopyHeader {
        format: COPY_FORMAT,
        city: CITY.to_owned(),
        as_of: "2026-11-20".to_owned(),
        persons: u64::from(PERSONS),
    };
    serde_json::to_writer(&mut packer, &header)?;
    packer.write_all(b"\n")?;
    for resident in Invented::new(7, PERSONS) {
        serde_json::to_writer(&mut packer, &resident)?;
        packer.write_all(b"\n")?;
    }
    Ok(packer.finish()?)
}
