//! What a scanner offers, as `scanimage -A` lists it, and the arguments made from it.
//!
//! Every model names its sources and modes otherwise; they are told by the words they contain.

use crate::sheet::{Order, PaperWay, Shades, Sides};

/// What matters of a scanner's options.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Abilities {
    sources: Vec<String>,
    modes: Vec<String>,
    dots: Option<Dots>,
    width_mm: Option<f32>,
    height_mm: Option<f32>,
    has_duplex_switch: bool,
    has_depth: bool,
}

/// Resolutions.
#[derive(Debug, Clone, PartialEq)]
enum Dots {
    Range(f32, f32),
    List(Vec<u16>),
}

/// A4 with room for a sheet that lies askew.
const PAPER_MM: (f32, f32) = (216.0, 300.0);

impl Abilities {
    /// Reads the list. Options a scanner has switched off (`[inactive]`) are not offered.
    pub(crate) fn of(listed: &str) -> Self {
        let mut all = Self::default();
        for line in listed.lines() {
            let line = line.trim_start();
            let Some((name, values)) = line.split_once(' ') else {
                continue;
            };
            if values.contains("[inactive]") {
                continue;
            }
            let values = values.split(" [").next().unwrap_or_default().trim();
            let listed = || values.split('|').map(|one| one.trim().to_owned()).collect();
            match name {
                "--source" => all.sources = listed(),
                "--mode" => all.modes = listed(),
                "--resolution" => all.dots = dots(values),
                "--depth" => {
                    all.has_depth = values
                        .split('|')
                        .any(|one| one.trim_end_matches("bit") == "8");
                }
                "-x" => all.width_mm = upper_end(values),
                "-y" => all.height_mm = upper_end(values),
                _ => {}
            }
            all.has_duplex_switch |= line.starts_with("--duplex[=(");
        }
        all.has_duplex_switch |= listed.contains("--duplex[=(yes|no)]")
            && !listed.contains("--duplex[=(yes|no)] [inactive]");
        all
    }

    /// Whether sheets can be fed.
    pub(crate) fn has_feeder(&self) -> bool {
        self.sources.iter().any(|one| is_feeder(one))
    }

    /// Whether there is a glass to lay a sheet on. A scanner that names no source has one place.
    pub(crate) fn has_glass(&self) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|one| !is_feeder(one))
    }

    /// The arguments for an order from the feeder or from the glass.
    pub(crate) fn arguments(&self, order: Order, way: PaperWay) -> Vec<String> {
        let mut all = Vec::new();
        let both = order.sides == Sides::Both && way != PaperWay::Glass;
        if let Some(source) = self.source(way, both) {
            all.push(format!("--source={source}"));
            if both && self.has_duplex_switch && !is_duplex(source) {
                all.push("--duplex=yes".to_owned());
            }
        }
        if let Some(mode) = self.mode(order.shades) {
            all.push(format!("--mode={mode}"));
        }
        if self.has_depth {
            all.push("--depth=8".to_owned());
        }
        if let Some(dots) = &self.dots {
            all.push(format!("--resolution={}", dots.nearest(order.dots)));
        }
        let side = |most: Option<f32>, wanted: f32, name: &str| {
            most.map(|most| vec![name.to_owned(), format!("{:.0}", most.min(wanted).floor())])
        };
        all.extend(side(self.width_mm, PAPER_MM.0, "-x").unwrap_or_default());
        all.extend(side(self.height_mm, PAPER_MM.1, "-y").unwrap_or_default());
        all
    }

    fn source(&self, way: PaperWay, both: bool) -> Option<&str> {
        let mut fitting: Vec<&str> = self
            .sources
            .iter()
            .map(String::as_str)
            .filter(|one| is_feeder(one) == (way == PaperWay::Feeder))
            .collect();
        // Those that read what is wanted first; the order of the scanner else.
        fitting.sort_by_key(|one| is_duplex(one) != both || is_back(one));
        fitting.first().copied()
    }

    fn mode(&self, shades: Shades) -> Option<&str> {
        let wanted: &[&str] = match shades {
            Shades::Colour => &["color", "colour", "24bit", "gray", "grey"],
            Shades::Gray => &["gray", "grey", "color", "colour"],
        };
        let named = |word: &&str| {
            self.modes
                .iter()
                .find(|mode| mode.to_lowercase().contains(*word))
        };
        wanted.iter().find_map(named).map(String::as_str)
    }
}

fn is_feeder(source: &str) -> bool {
    let source = source.to_lowercase();
    source.contains("adf") || source.contains("feeder") || is_duplex(&source)
}

fn is_duplex(source: &str) -> bool {
    let source = source.to_lowercase();
    source.contains("duplex") || source.contains("both")
}

fn is_back(source: &str) -> bool {
    source.to_lowercase().contains("back")
}

/// `75..600dpi (in steps of 1)` or `75|150|300dpi`, perhaps with `auto`.
fn dots(values: &str) -> Option<Dots> {
    if let Some((low, _)) = values.split_once("..") {
        let low = low.rsplit('|').next()?.parse().ok()?;
        return Some(Dots::Range(low, upper_end(values)?));
    }
    let number = |one: &str| one.trim().trim_end_matches("dpi").parse().ok();
    let list: Vec<u16> = values.split('|').filter_map(number).collect();
    (!list.is_empty()).then_some(Dots::List(list))
}

/// The end of `0..215.9mm (in steps of 1)`.
fn upper_end(values: &str) -> Option<f32> {
    let (_, high) = values.split_once("..")?;
    let digits: String = high
        .chars()
        .take_while(|one| one.is_ascii_digit() || *one == '.')
        .collect();
    digits.parse().ok()
}

impl Dots {
    /// The nearest on offer.
    fn nearest(&self, wanted: u16) -> u16 {
        match self {
            Self::Range(low, high) => {
                let fits = f32::from(wanted) >= *low && f32::from(wanted) <= *high;
                let candidates = [75, 100, 150, 200, 300, 400, 600];
                let within = |one: &u16| f32::from(*one) >= *low && f32::from(*one) <= *high;
                if fits {
                    wanted
                } else {
                    let near = candidates.into_iter().filter(within);
                    near.min_by_key(|one| one.abs_diff(wanted))
                        .unwrap_or(wanted)
                }
            }
            Self::List(list) => {
                let near = list.iter().copied();
                near.min_by_key(|one| one.abs_diff(wanted))
                    .unwrap_or(wanted)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(listed: &str, way: PaperWay, expected: &str) {
        let made = Abilities::of(listed).arguments(Order::default(), way);
        assert_eq!(made.join(" "), expected);
    }

    const OFFICE: &str = "\
    --source Flatbed|ADF Front|ADF Back|ADF Duplex [ADF Front]
    --mode Lineart|Gray|Color [Lineart]
    --resolution 50|75|200|300|600dpi [200]
    -x 0..215.9mm (in steps of 0.1) [215.9]
    -y 0..876.695mm [279.4]";

    #[test]
    fn an_office_scanner_reads_both_sides_from_its_feeder() {
        check(
            OFFICE,
            PaperWay::Feeder,
            "--source=ADF Duplex --mode=Color --resolution=300 -x 215 -y 300",
        );
        check(
            OFFICE,
            PaperWay::Glass,
            "--source=Flatbed --mode=Color --resolution=300 -x 215 -y 300",
        );
    }

    #[test]
    fn one_side_is_the_front() {
        let order = Order {
            sides: Sides::One,
            shades: Shades::Gray,
            dots: 250,
            ..Order::default()
        };
        let made = Abilities::of(OFFICE).arguments(order, PaperWay::Feeder);
        assert_eq!(
            made.join(" "),
            "--source=ADF Front --mode=Gray --resolution=200 -x 215 -y 300"
        );
    }

    #[test]
    fn a_switch_for_both_sides_is_used() {
        check(
            "    --source Flatbed|ADF [Flatbed]\n    --duplex[=(yes|no)] [no]\n",
            PaperWay::Feeder,
            "--source=ADF --duplex=yes",
        );
    }

    #[test]
    fn what_is_inactive_or_not_there_is_not_asked_for() {
        check(
            "    --source Flatbed [inactive]\n    --resolution 100..200dpi (in steps of 1) [100]\n",
            PaperWay::Glass,
            "--resolution=200",
        );
        check("", PaperWay::Glass, "");
    }
}
