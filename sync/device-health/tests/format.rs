//! The page as a strict reader of the format reads it, and that the reader is strict.
#![expect(clippy::panic, reason = "a test stops at the first surprise")]

#[path = "strict/reader.rs"]
mod reader;

use device_health::{Exposition, Kind, Value};

#[test]
fn whatever_is_in_a_label_reads_back() {
    let odd = "a\\b\"c\nd,e=\"f\"}";
    let mut page = Exposition::new();
    page.figure("todoke_one", Kind::Gauge, "Help with \\ and \n in it.")
        .of(&[("label", odd), ("other", "")], Value::Millis(-1))
        .of(&[], Value::Whole(u64::MAX));
    page.figure("todoke_none", Kind::Counter, "No value.");
    let found = reader::read(&page.into_text());
    let series = |labels: &[(&str, &str)]| {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ("todoke_one".to_owned(), labels.collect())
    };
    assert_eq!(found.len(), 2);
    assert_eq!(
        found.get(&series(&[("label", odd), ("other", "")])),
        Some(&-0.001)
    );
    assert!(found.contains_key(&series(&[])));
}

#[test]
fn reader_forgives_nothing() {
    for wrong in [
        "todoke_one 1\n",
        "# HELP a b\n# TYPE a gauge\na 1",
        "# HELP a b\n# TYPE a gauge\na 1\na 2\n",
        "# HELP a b\n# TYPE a gauge\nb 1\n",
        "# HELP a b\na 1\n",
        "# TYPE a gauge\na 1\n",
        "# HELP a b\n# TYPE a gauge\na NaN\n",
        "# HELP a b\n# TYPE a gauge\na{b=\"c} 1\n",
        "# HELP a b\n# TYPE a gauge\na{b=\"c\\d\"} 1\n",
        "# HELP a b\n# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n",
        "# HELP a b\n# TYPE a gauge\na  1\n",
    ] {
        assert!(
            std::panic::catch_unwind(|| reader::read(wrong)).is_err(),
            "{wrong}"
        );
    }
}
