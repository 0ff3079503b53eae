//! Plays every visit of `suite/` with real processes. Needs the programs built (`make test` does).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first surprise"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use acceptance::{Programs, Script, Stage, play, small_disk_is_possible};

#[track_caller]
fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("suite")
        .join(format!("{name}.toml"));
    let script = Script::read(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    let programs = Programs::beside(&std::env::current_exe().unwrap());
    let scripts = path.parent().unwrap();
    let mut told = String::new();
    let played =
        Stage::set(programs, &script.scene, scripts, folder.path()).and_then(|mut stage| {
            let mut tell = |line: &str| {
                told.push_str(line);
                told.push('\n');
            };
            play(&script, scripts, &mut stage, &pictures, &mut tell)
        });
    if let Err(error) = played {
        for log in fs::read_dir(folder.path().join("logs")).unwrap().flatten() {
            let text = fs::read_to_string(log.path()).unwrap_or_default();
            writeln!(told, "\n--- {}\n{text}", log.path().display()).unwrap();
        }
        panic!("{told}\n{error:#}");
    }
}

#[test]
fn move_in_by_card_with_the_line_cut() {
    check("move-in-by-card-line-cut");
}

#[test]
fn core_system_refuses_and_answers_with_another_address() {
    check("answers-of-the-core-system");
}

#[test]
fn mixed_family_files_twice_in_one_visit() {
    check("mixed-family-one-visit");
}

#[test]
fn what_head_office_publishes_is_used_at_the_counter() {
    check("published-to-the-counter");
}

#[test]
fn two_counters_on_one_lan_without_head_office() {
    check("two-counters-lan");
}

#[test]
fn courier_files_instead_of_a_line() {
    check("courier-files");
}

#[test]
fn counter_put_back_to_an_older_copy_loses_nothing() {
    check("counter-put-back");
}

#[test]
fn faults_of_cards_and_readers() {
    check("card-and-reader-faults");
}

#[test]
fn faults_of_the_line_and_of_files() {
    check("line-and-files-faults");
}

#[test]
fn full_disk() {
    if small_disk_is_possible() {
        check("disk-full");
    } else {
        eprintln!("NOT PLAYED: this machine forbids namespaces, which a small disk needs");
    }
}

#[test]
fn full_disk_at_signing_leaves_nothing_half_written() {
    if small_disk_is_possible() {
        check("disk-full-at-signing");
    } else {
        eprintln!("NOT PLAYED: this machine forbids namespaces, which a small disk needs");
    }
}

#[test]
fn two_counters_with_one_draft() {
    check("two-counters-one-draft");
}

#[test]
fn a_passport_opens_with_what_is_printed_in_it() {
    check("passport");
}

#[test]
fn a_drivers_licence_fills_the_reception() {
    check("drivers-licence");
}

#[test]
fn residents_and_protection() {
    check("residents-and-protection");
}

#[test]
fn move_in_by_reservation() {
    check("move-in-by-reservation");
}

#[test]
fn a_certificate_on_paper_fills_the_reception() {
    check("move-in-by-paper");
}

#[test]
fn a_damaged_page_comes_back_from_head_office() {
    check("damaged-page");
}

#[test]
fn move_in_by_certificate_data() {
    check("move-in-by-certificate-data");
}

#[test]
fn every_script_is_played_by_a_test() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = fs::read_to_string(crate_folder.join("tests/visits.rs")).unwrap();
    for entry in fs::read_dir(crate_folder.join("suite")).unwrap() {
        let name = entry
            .unwrap()
            .path()
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        assert!(
            here.contains(&format!("check(\"{name}\")")),
            "{name} is not played"
        );
    }
}

#[test]
fn a_part_of_a_family_moves_out() {
    check("move-out-part-of-family");
}

#[test]
fn a_whole_household_moves_within_the_city() {
    check("move-within-whole-household");
}

#[test]
fn a_child_without_a_name_is_born() {
    check("birth-of-unnamed-child");
}

#[test]
fn a_mixed_household_arrives_from_abroad() {
    check("move-in-from-abroad");
}

#[test]
fn somebody_only_wants_certificates() {
    check("certificates-only");
}

#[test]
fn a_foreign_spouse_and_a_move_out_called_off() {
    check("relation-of-a-foreign-spouse");
}

#[test]
fn codes_that_are_scanned() {
    check("codes");
}

#[test]
fn forms_printed_on_a_printer_that_runs_out_of_paper() {
    check("prints");
}

#[test]
fn photo_of_a_my_number_card_when_staff_ask_for_it() {
    check("my-number-photo");
}

#[test]
fn stack_of_papers_with_printed_separator_sheets() {
    check("stack-of-papers");
}

#[test]
fn devices_switched_off_and_on_again() {
    check("devices");
}

#[test]
fn a_case_goes_to_another_branch_and_its_copy_is_overwritten() {
    check("case-to-another-branch");
}

#[test]
fn somebody_comes_for_one_procedure_alone() {
    check("procedure-alone");
}
