//! The resident copy: a city of invented people, made searchable and searched.

use std::io::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bench::invented::{CITY, Invented};
use counter_domain::ids::DeviceId;
use counter_domain::resident::{COPY_FORMAT, CopyHeader, RESIDENT_COPY, ResidentQuery};
use counter_store::{CounterStore, install_resident_copy};
use replica::{DatabaseKey, Surroundings};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use sync_engine::Store as _;

use crate::figure::{Figure, percentile, time};

/// People of a city such as Fujisawa.
const PERSONS: u32 = 445_000;
const SEED: u64 = 7;
const PUBLISHING_BYTES: usize = 1 << 20;

/// What clerks type, common and rare, with one, two and three words.
const QUERIES: [&str; 8] = [
    "タカハシ",
    "髙橋　花子",
    "ワタナベ ハナコ 昭和45年",
    "渡辺 架空町一丁目",
    "1970-03-02",
    "佐藤 昭和45年",
    "架空町三丁目9-6",
    "斎藤 太郎 架空町二丁目",
];

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("counter.db");
    let key = DatabaseKey::from_bytes([4; 32]);
    let open = || -> Result<CounterStore> {
        let around = Surroundings::new(|| 1_795_219_200_000, |bytes| bytes.fill(9));
        Ok(CounterStore::open(&path, &key, DeviceId([4; 16]), around)?)
    };
    let mut store = open()?;
    let (arrived, took_arriving) = time(|| arrive(&mut store));
    arrived?;
    let store = Mutex::new(store);
    let (installed, took_installing) = time(|| install_resident_copy(&store, &mut |_| {}));
    let installed = installed?.context("nothing was installed")?;
    ensure!(installed.persons == u64::from(PERSONS));
    store
        .into_inner()
        .map_err(|_| anyhow::anyhow!("poisoned"))?
        .close()?;
    let mut cold = Vec::new();
    for query in QUERIES {
        let store = open()?;
        cold.push(search(&store, query)?);
        store.close()?;
    }
    let store = open()?;
    let mut warm = Vec::new();
    for round in 0..20 {
        for query in QUERIES {
            let took = search(&store, query)?;
            if round > 0 {
                warm.push(took);
            }
        }
    }
    let scanned = scan(&store)?;
    Ok(vec![
        Figure::within(
            "residents: 445,000 arrive (stage, hash, install)",
            took_arriving,
            180_000.0,
        ),
        Figure::within(
            "residents: 445,000 made searchable",
            took_installing,
            180_000.0,
        ),
        Figure::within(
            "residents: first search, worst",
            percentile(&mut cold, 100),
            300.0,
        ),
        Figure::within("residents: search, p50", percentile(&mut warm, 50), 10.0),
        Figure::within("residents: search, p99", percentile(&mut warm, 99), 10.0),
        Figure::beside(
            "residents: search, p50",
            milliseconds(percentile(&mut warm, 50)),
            "ms",
            "reading every record",
            milliseconds(scanned),
        ),
    ])
}

fn milliseconds(duration: Duration) -> f64 {
    crate::figure::milliseconds(duration)
}

fn search(store: &CounterStore, query: &str) -> Result<Duration> {
    let query = ResidentQuery::parse(query, CITY)?;
    let (found, took) = time(|| store.find_residents(&query));
    ensure!(!found?.people.is_empty(), "nobody was found");
    Ok(took)
}

/// What a search without an index costs: the dataset unpacked and every person looked at.
fn scan(store: &CounterStore) -> Result<Duration> {
    let bytes = store.dataset(RESIDENT_COPY)?.context("no copy")?.bytes;
    let (count, took) = time(|| -> Result<usize> {
        let text = String::from_utf8(zstd::decode_all(&bytes[..])?)?;
        let people = text.lines().skip(1);
        let named = people.filter_map(|line| {
            serde_json::from_str::<counter_domain::resident::Resident>(line).ok()
        });
        Ok(named
            .filter(|person| person.name.starts_with("渡辺"))
            .count())
    });
    ensure!(count? > 0);
    Ok(took)
}

/// Head office publishes and the counter stages, in pieces.
fn arrive(store: &mut CounterStore) -> Result<()> {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let document =
        EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| anyhow::anyhow!("no key"))?;
    let publisher = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)
        .map_err(|_| anyhow::anyhow!("no key"))?;
    store.set_publishing_key(publisher.public_key().as_ref())?;
    let folder = tempfile::tempdir()?;
    let around = Surroundings::new(|| 1_795_219_200_000, |bytes| bytes.fill(9));
    let mut hub = hub_store::HubStore::open(
        &folder.path().join("hub.db"),
        &DatabaseKey::from_bytes([5; 32]),
        DeviceId([5; 16]),
        around,
    )?;
    let mut refused = false;
    hub.publish(RESIDENT_COPY, &packed()?, |bytes| {
        publisher.sign(&random, bytes).map_or_else(
            |_| {
                refused = true;
                Vec::new()
            },
            |signature| signature.as_ref().to_vec(),
        )
    })?;
    ensure!(!refused, "not signed");
    for offer in hub.datasets()? {
        let mut next = store.dataset_wanted(&offer)?;
        while let Some(offset) = next {
            let part = hub
                .dataset_part(&offer.name, offer.version, offset, PUBLISHING_BYTES)?
                .context("no part")?;
            next = store.stage_dataset(&offer, &part)?;
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
    for resident in Invented::new(SEED, PERSONS) {
        serde_json::to_writer(&mut packer, &resident)?;
        packer.write_all(b"\n")?;
    }
    Ok(packer.finish()?)
}
