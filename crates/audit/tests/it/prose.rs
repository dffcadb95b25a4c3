//! Claims in prose: texts that were planted, with what is to be found in each.

use std::path::Path;

use std::fmt::Write as _;

use constellation_audit::prose::{Claims, claims, claims_text, find_rule, find_term, rules, terms};
use expect_test::{Expect, expect};
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

/// What is found, allowed and complained of in a document, a line each.
fn check(name: &str, text: &str, expected: Expect) {
    expected.assert_eq(&told(&claims_text(Path::new(name), text.as_bytes())));
}

fn told(found: &Claims) -> String {
    let mut told = String::new();
    for finding in &found.audit.findings {
        let excerpt = &finding.excerpt.text[finding.excerpt.span.clone()];
        write!(told, "{}:{} {} {} `{excerpt}`", finding.line, finding.column, finding.level, finding.rule.id)
            .expect("a text takes it");
        if let Some(other) = &finding.beside {
            let excerpt = &other.excerpt.text[other.excerpt.span.clone()];
            write!(told, " and {}:{} `{excerpt}`", other.line, other.column).expect("a text takes it");
        }
        told.push('\n');
    }
    for suppressed in &found.audit.suppressed {
        let (finding, reason) = (&suppressed.finding, &suppressed.reason);
        writeln!(told, "allowed {}:{} {}: {reason}", finding.line, finding.column, finding.rule.id)
            .expect("a text takes it");
    }
    told
}

#[test]
fn each_place_is_where_it_stands_in_the_file() {
    check(
        "a.md",
        "# Päge\n\n> Reads are **strongly**\n> *consistent* &amp; linea&shy;rizable \\\n> and always\\\n> available.\n",
        expect![[r#"
            3:15 info claim::strong-consistency `strongly**
            > *consistent`
            3:15 warn contradiction::linearizable-and-available `strongly**
            > *consistent` and 5:7 `always\
            > available`
            4:22 info claim::linearizable `linea&shy;rizable`
            5:7 warn claim::always-available `always\
            > available`
        "#]],
    );
}

#[test]
fn a_contradiction_shows_both_places() {
    check(
        "a.html",
        "<h1>Relay</h1><p>Relay is linearizable.</p>\n<p>It is <i>always&nbsp;available</i>.</p>",
        expect![[r#"
            1:27 info claim::linearizable `linearizable`
            1:27 warn contradiction::linearizable-and-available `linearizable` and 2:13 `always&nbsp;available`
            2:13 warn claim::always-available `always&nbsp;available`
        "#]],
    );
}

#[test]
fn what_is_meant_is_allowed_by_a_comment_with_its_reason() {
    check(
        "a.md",
        "<!-- constellation: allow(claim::strong-consistency, reason = \"said below\") -->\nReads are strongly\nconsistent.\n\n\
         Writes are strongly consistent. <!-- constellation: allow(claim) -->\n\n\
         <!-- constellation: allow(contradiction, reason = \"none left\") -->\n\nWe are strongly consistent.\n\n\
         <!-- constellation: allow(claim::strongconsistency, reason = \"misspelt\") -->\n\n<!-- constellation: off -->\n",
        expect![[r#"
            5:33 warn audit::allow-without-reason `<!-- constellation: allow(claim) -->`
            7:1 warn audit::unused-allow `<!-- constellation: allow(contradiction, reason = "none left") -->`
            9:8 warn claim::strong-consistency `strongly consistent`
            11:1 warn audit::unknown-rule `<!-- constellation: allow(claim::strongconsistency, reason = "misspelt") -->`
            13:1 warn audit::malformed-allow `<!-- constellation: off -->`
            allowed 2:11 claim::strong-consistency: said below
            allowed 5:12 claim::strong-consistency: 
        "#]],
    );
}

#[test]
fn documents_are_found_below_a_folder_and_what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().expect("there is room");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder is ours");
        std::fs::write(path, bytes).expect("the folder is ours");
    };
    write("README.md", b"Reads are linearizable.");
    write("docs/a.html", b"<p>Reads are linearizable.</p>");
    write("docs/b.txt", b"Reads are linearizable.");
    write("src/a.rs", b"// Reads are linearizable.");
    write("docs/latin.md", b"caf\xe9\n");
    write("docs/old/a.md", b"Reads are linearizable.");
    write(".auditignore", b"old/\n");
    let found = claims(&[folder.path().to_owned()]).expect("the folder is there");
    let short = |path: &Path| path.strip_prefix(folder.path()).expect("it is in there").display().to_string();
    let places: Vec<String> = found.claims.iter().map(|claim| short(&claim.path)).collect();
    assert_eq!(places, ["README.md", "docs/a.html", "docs/b.txt"]);
    let failed: Vec<String> = found
        .audit
        .not_audited
        .iter()
        .map(|failed| format!("{}: {}", short(&failed.path), failed.reason))
        .collect();
    assert_eq!(failed, ["docs/latin.md: it is not UTF-8"]);
    assert!(claims(&[folder.path().join("none.md")]).is_err());
}

/// Nothing makes it slow or deep: each of these is read in a moment, and would not be if anything were tried for each of them
/// with all others.
#[test]
fn no_document_takes_it_long() {
    let long = |part: &str| part.repeat(50_000 / part.len());
    let texts = [
        ("a.md", long("> ")),
        ("a.md", long("[")),
        ("a.md", long("- a\n  ")),
        ("a.md", long("linearizable ")),
        ("a.md", long("not linearizable and always available, ")),
        ("a.md", long("Reads are linearizable. It is always available.\n\n")),
        ("a.md", long("**not** `a` | ")),
        ("a.md", long("exactly once delivery of messages, ")),
        ("a.html", long("<a href='")),
        ("a.html", long("<p><pre><")),
        ("a.html", long("<!--")),
        ("a.html", long("<div>&amp;")),
        ("a.txt", long("(")),
        ("a.txt", long("strong a ")),
        ("a.md", long("<!-- constellation: allow(claim, reason = \"a\") -->\n\n")),
    ];
    for (name, text) in texts {
        let found = claims_text(Path::new(name), text.as_bytes());
        assert_eq!(found.audit.not_audited.len(), 0, "{name}: {}", &text[..20]);
    }
    let too_long = claims_text(Path::new("a.md"), "a ".repeat(6 << 20).as_bytes());
    assert_eq!(too_long.audit.not_audited[0].reason, "it is longer than 10485760 bytes");
}

#[test]
fn a_term_is_found_by_its_name_and_by_its_spellings() {
    for (name, id) in [
        ("linearizable", "linearizable"),
        ("claim::linearizable", "linearizable"),
        ("Linearizability", "linearizable"),
        ("strongly consistent", "strong-consistency"),
        ("exactly_once", "exactly-once"),
        ("LWW", "last-write-wins"),
    ] {
        assert_eq!(find_term(name).map(|term| term.id), Ok(id), "{name}");
    }
    assert_eq!(find_term("linearisible").map(|term| term.id), Err(Some("linearizable")));
    assert_eq!(find_rule("ca").map(|rule| rule.id), Ok("contradiction::ca"));
    assert_eq!(find_rule("no such thing at all").map(|rule| rule.id), Err(None));
}

#[test]
fn every_contradiction_is_planted_and_has_a_page() {
    let planted = planted();
    for rule in rules().filter(|rule| rule.id.starts_with("contradiction::")) {
        let is_planted = planted.iter().any(|text| text.contradictions.iter().any(|id| id == rule.name()));
        assert!(is_planted, "nothing is planted for {}", rule.id);
        let page = &rule.page;
        assert!(page.why.ends_with('.') && !page.instead.is_empty() && !page.shows.is_empty(), "{}", rule.id);
    }
    let unplanted: Vec<&str> = terms()
        .iter()
        .map(|term| term.id)
        .filter(|id| {
            !planted.iter().any(|text| text.claims.iter().any(|claim| claim.starts_with(&format!("{id} "))))
        })
        .collect();
    assert_eq!(unplanted, Vec::<&str>::new());
}

#[test]
fn of_several_promises_the_one_that_stands_nearest_is_contradicted() {
    check(
        "a.md",
        "# Relay\n\nRelay is a strongly consistent store.\n\nReads are linearizable, and every node stays available during a partition.\n",
        expect![[r#"
            3:12 warn claim::strong-consistency `strongly consistent`
            5:11 info claim::linearizable `linearizable`
            5:11 warn contradiction::linearizable-and-available `linearizable` and 5:46 `available during a partition`
            5:46 info claim::available-in-partition `available during a partition`
        "#]],
    );
}
