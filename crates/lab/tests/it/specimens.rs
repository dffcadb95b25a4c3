//! Every wrong specimen is found, made as small as is known, and told in words that explain it; no right one is reported.

use constellation_lab::hunt::{Go, Hunt, Hunted, Until, hunt_subject, provenance_of};
use constellation_lab::specimens::{Soundness, Specimen};
use constellation_trace::Verdict;

/// More than a hunt needs for any of them.
const SEEDS: u64 = 20_000;
/// A right one is run so often here; `constellation specimens --hunt` runs more.
const RIGHT_SEEDS: u64 = 1_000;

fn hunted(specimen: &Specimen, seeds: u64, until: Until) -> Hunted {
    let subject = specimen.subject();
    let provenance = provenance_of(&*subject, &specimen.to_string(), 1).expect("it runs");
    let mut hunt = Hunt::new(1, seeds);
    hunt.until = until;
    hunt_subject(&*subject, &hunt, &provenance, &mut |_| Go::On).expect("it runs")
}

#[test]
fn no_right_specimen_is_reported() {
    for specimen in Specimen::all().filter(|specimen| specimen.soundness == Soundness::Right) {
        let hunted = hunted(specimen, RIGHT_SEEDS, Until::AllSeeds);
        let told: Vec<_> = hunted.findings.iter().map(|finding| finding.tape.to_string()).collect();
        assert_eq!((told.join("\n"), hunted.unknown), (String::new(), 0), "{specimen}");
    }
}

#[test]
fn every_wrong_specimen_is_found_and_made_small() {
    for specimen in Specimen::all() {
        let Soundness::Wrong { shortest } = specimen.soundness else { continue };
        let hunted = hunted(specimen, SEEDS, Until::FirstFinding);
        let finding = hunted.findings.first().unwrap_or_else(|| panic!("{specimen} is not found"));
        assert_eq!(finding.judgement.promise, specimen.promise, "{specimen}");
        let steps = finding.tape.answers().len();
        assert!(
            steps * 2 <= shortest as usize * 3,
            "{specimen}: {steps} steps, {shortest} are known\n{}",
            finding.tape
        );
        let Verdict::Violated(evidence) = &finding.judgement.verdict else { panic!("{specimen}") };
        assert!(!evidence.events.is_empty(), "{specimen}: no event shows it");
    }
}

#[test]
fn each_specimen_has_a_path_and_each_protocol_a_right_variant() {
    let all: Vec<_> = Specimen::all().collect();
    let mut paths: Vec<_> = all.iter().map(|specimen| specimen.to_string()).collect();
    assert!(all.iter().all(|specimen| Specimen::find(&specimen.to_string()).is_some()));
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), all.len(), "no path is given twice");
    for specimen in &all {
        let has_right =
            all.iter().any(|other| other.name == specimen.name && other.soundness == Soundness::Right);
        assert!(has_right, "{} has no right variant", specimen.name);
    }
}

#[test]
fn each_protocol_has_a_text_with_a_lesson_and_the_works_that_it_cites() {
    for specimen in Specimen::all() {
        let text = specimen.text();
        assert!(
            text.contains(&format!("name: \"{}\"", specimen.name)),
            "{}: its file stands in no line of specimens/pages.rs",
            specimen.name
        );
        assert!(specimen.lesson().ends_with('.'), "{}: {}", specimen.name, specimen.lesson());
        for work in specimen.works() {
            let missing = work.split([' ', ',']).find(|word| !text.contains(word));
            assert_eq!(missing, None, "{} does not cite {work}", specimen.name);
        }
    }
}
