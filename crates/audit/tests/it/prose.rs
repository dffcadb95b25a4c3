//! Claims in prose: texts that were planted, with what is to be found in each.

use std::path::Path;

use constellation_audit::prose::{claims_text, terms};
use toml::de::{DeTable, DeValue};

const PLANTED: &str = include_str!("../prose/planted.toml");

/// A text, and what is to be found in it.
struct Planted {
    name: String,
    text: String,
    claims: Vec<String>,
    contradictions: Vec<String>,
}

fn planted() -> Vec<Planted> {
    let whole = DeTable::parse(PLANTED).expect("the file is ours").into_inner();
    let DeValue::Array(texts) = whole["text"].get_ref() else { panic!("`text` is no list") };
    let read = texts.iter().map(|entry| {
        let DeValue::Table(entry) = entry.get_ref() else { panic!("a text is no table") };
        let list = |key: &str| match entry.get(key).map(|value| value.get_ref()) {
            Some(DeValue::Array(values)) => {
                values.iter().filter_map(|value| value.get_ref().as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        };
        let text = |key: &str| entry.get(key).and_then(|value| value.get_ref().as_str()).map(str::to_owned);
        Planted {
            name: text("as").unwrap_or_else(|| "a.md".to_owned()),
            text: text("text").expect("each has a text"),
            claims: list("claims"),
            contradictions: list("contradictions"),
        }
    });
    read.collect()
}

#[test]
fn what_was_planted_is_found_and_nothing_else() {
    let mut wrong = String::new();
    for planted in planted() {
        let found = claims_text(Path::new(&planted.name), planted.text.as_bytes());
        let claims: Vec<String> =
            found.claims.iter().map(|claim| format!("{} {}", claim.term.id, claim.context.name())).collect();
        let contradictions: Vec<String> = found
            .audit
            .findings
            .iter()
            .filter_map(|finding| finding.rule.id.strip_prefix("contradiction::").map(str::to_owned))
            .collect();
        if (&claims, &contradictions) != (&planted.claims, &planted.contradictions) {
            wrong.push_str(&format!(
                "{}\n  expected {:?} {:?}\n  found    {claims:?} {contradictions:?}\n",
                planted.text, planted.claims, planted.contradictions
            ));
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn enough_was_planted() {
    let (silent, spoken): (Vec<_>, Vec<_>) =
        planted().into_iter().partition(|planted| planted.claims.is_empty());
    assert!(spoken.len() >= 60 && silent.len() >= 20, "{} speak, {} are silent", spoken.len(), silent.len());
}

#[test]
fn every_term_has_a_page() {
    for term in terms() {
        assert!(!term.questions.is_empty() && !term.alike.is_empty(), "{}", term.id);
        let texts = [term.promise, term.unsaid, term.rule.page.instead];
        assert!(texts.iter().all(|text| !text.is_empty() && !text.ends_with('.')), "{}", term.id);
        assert!(term.alike.iter().all(|alike| terms().iter().any(|term| term.id == *alike)), "{}", term.id);
    }
}
