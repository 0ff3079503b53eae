//! Figures in the text format that Prometheus reads (version 0.0.4): a line of help, a line of
//! type, then one line for each set of labels.
//!
//! Written by hand because it is a page of code: a client library would bring counters, registries
//! and locks, and every figure here is read from the database when somebody asks.

use std::fmt::Write as _;

/// What a figure does over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only goes up, until the program starts anew.
    Counter,
}

/// A page of figures.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
}

/// One named figure, to be given its values.
#[derive(Debug)]
pub struct Figure<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Exposition {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a figure. Names end in their unit (`_seconds`, `_bytes`) and are told what they mean
    /// in `help`.
    pub fn figure(&mut self, name: &'static str, kind: Kind, help: &str) -> Figure<'_> {
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a string cannot fail.
        write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n").ok();
        Figure {
            text: &mut self.text,
            name,
        }
    }

    /// The page.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl Figure<'_> {
    /// A value under labels.
    pub fn of(&mut self, labels: &[(&str, &str)], value: Value) -> &mut Self {
        self.text.push_str(self.name);
        for (at, (name, label)) in labels.iter().enumerate() {
            self.text.push(if at == 0 { '{' } else { ',' });
            write!(self.text, "{name}=\"{}\"", escaped(label)).ok();
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        self.text.push(' ');
        value.write(self.text);
        self.text.push('\n');
        self
    }

    /// A value that may not be known: then there is no line.
    pub fn maybe(&mut self, labels: &[(&str, &str)], value: Option<Value>) -> &mut Self {
        match value {
            Some(value) => self.of(labels, value),
            None => self,
        }
    }
}

/// A value without rounding: figures are whole numbers or thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Whole(u64),
    /// Milliseconds, told in seconds.
    Millis(i64),
}

impl Value {
    /// 1 or 0.
    pub fn flag(yes: bool) -> Self {
        Self::Whole(u64::from(yes))
    }

    /// A length as the collections tell it.
    pub fn count(length: usize) -> Self {
        Self::Whole(u64::try_from(length).unwrap_or(u64::MAX))
    }

    /// A moment, milliseconds since 1970, told in seconds.
    pub fn moment(unix_ms: u64) -> Self {
        Self::Millis(i64::try_from(unix_ms).unwrap_or(i64::MAX))
    }

    fn write(self, text: &mut String) {
        match self {
            Self::Whole(number) => write!(text, "{number}").ok(),
            Self::Millis(ms) => {
                let sign = if ms < 0 { "-" } else { "" };
                let ms = ms.unsigned_abs();
                write!(text, "{sign}{}.{:03}", ms / 1000, ms % 1000).ok()
            }
        };
    }
}

fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_is_what_prometheus_reads() {
        let mut page = Exposition::new();
        page.figure("todoke_up", Kind::Gauge, "Whether it runs.")
            .of(&[], Value::flag(true));
        page.figure("todoke_clock_offset_seconds", Kind::Gauge, "a\\b\nc")
            .of(
                &[("branch", "07"), ("device", "0\"1\\")],
                Value::Millis(-61_250),
            )
            .of(&[("branch", "08")], Value::moment(1_795_222_800_001))
            .maybe(&[("branch", "09")], None);
        assert_eq!(
            page.into_text(),
            "# HELP todoke_up Whether it runs.\n\
             # TYPE todoke_up gauge\n\
             todoke_up 1\n\
             # HELP todoke_clock_offset_seconds a\\\\b\\nc\n\
             # TYPE todoke_clock_offset_seconds gauge\n\
             todoke_clock_offset_seconds{branch=\"07\",device=\"0\\\"1\\\\\"} -61.250\n\
             todoke_clock_offset_seconds{branch=\"08\"} 1795222800.001\n"
        );
    }
}
