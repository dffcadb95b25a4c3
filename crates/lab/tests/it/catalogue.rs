//! The declared catalogue: what ships is whole and in style, and a wrong one is refused where it is wrong.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use constellation_lab::placement::catalogue::{Catalogue, Declared, Place, System};
use constellation_lab::placement::cell::Cell;
use expect_test::{Expect, expect};

/// A catalogue with one of everything.
const SOUND: &str = r#"[sources.paper]
title = "Somebody, A Store"
address = "https://example.org/store"
date = "2026"

[[systems]]
name = "store"
title = "A Store"

[[systems.settings]]
setting = "default"
version = "1"
cell = "PA/EL"
partition = "both sides answer"
normal = "the nearest replica answers"
caveat = "clocks"
sources = ["paper"]
"#;

/// Reads the sound catalogue with `old` replaced by `new`, and shows the refusal with the text that it points at.
fn check(old: &str, new: &str, expected: Expect) {
    assert!(SOUND.contains(old), "`{old}` is not in the sound catalogue");
    let text = SOUND.replacen(old, new, 1);
    let shown = match Catalogue::parse(&text) {
        Ok(catalogue) => format!("accepted: {} systems", catalogue.systems.len()),
        Err(error) => {
            let (line, column) = error.line_and_column(&text);
            let pointed =
                text.get(error.span.clone()).expect("a span lies between two characters of the text");
            let pointed: String = pointed.lines().next().unwrap_or_default().chars().take(60).collect();
            format!("{line}:{column} {error}\n{pointed}")
        }
    };
    expected.assert_eq(&shown);
}

/// Each setting of the catalogue that ships, with its system.
fn check_each(fault: impl Fn(&System, &Declared) -> Option<String>) {
    let catalogue = Catalogue::shipped();
    for system in &catalogue.systems {
        for declared in &system.settings {
            if let Some(fault) = fault(system, declared) {
                panic!("{}, {}: {fault}", system.name, declared.setting);
            }
        }
    }
}

#[test]
fn well_known_systems_are_declared_in_the_order_of_their_names() {
    let catalogue = Catalogue::shipped();
    let names: Vec<_> = catalogue.systems.iter().map(|system| &*system.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for name in [
        "cassandra",
        "cockroachdb",
        "consul",
        "cosmosdb",
        "couchbase",
        "couchdb",
        "dynamo",
        "dynamodb",
        "elasticsearch",
        "etcd",
        "foundationdb",
        "hazelcast",
        "hbase",
        "kafka",
        "megastore",
        "mongodb",
        "mysql",
        "nats",
        "pnuts",
        "postgresql",
        "rabbitmq",
        "redis",
        "riak",
        "scylladb",
        "spanner",
        "tidb",
        "voldemort",
        "voltdb",
        "yugabytedb",
        "zookeeper",
    ] {
        assert!(catalogue.find(name).is_some(), "{name} is missing");
    }
}

#[test]
fn each_setting_says_two_sentences_and_where_it_has_them_from() {
    check_each(|_, declared| {
        let texts = [&declared.partition, &declared.normal].into_iter().chain(&declared.caveat);
        let depends = match &declared.place {
            Place::Depends(on) => Some(on),
            _ => None,
        };
        for text in texts.chain(depends) {
            let begins = text.chars().next().expect("a sentence is not empty");
            // A proper name keeps its capital.
            let is_name =
                ["Abadi", "Jepsen", "Brewer", "PC", "WAIT"].iter().any(|name| text.starts_with(name));
            if !(begins.is_lowercase() || is_name) {
                return Some(format!("`{text}` should begin small"));
            }
            if text.contains(". ") || text.contains("  ") || text != text.trim() {
                return Some(format!("`{text}` should be one sentence"));
            }
        }
        declared.sources.is_empty().then(|| "it has no source".to_owned())
    });
}

#[test]
fn what_abadi_placed_is_cited_as_his_and_as_he_placed_it() {
    let mut his = Vec::new();
    check_each(|_, declared| {
        let cites = declared.sources.iter().any(|source| source.title.starts_with("Abadi"));
        let is_his = declared.by.as_deref() == Some("Abadi 2012");
        (is_his || declared.abadi.is_some())
            .ne(&cites)
            .then(|| "`by` or `abadi`, and `sources`, differ".to_owned())
    });
    for system in Catalogue::shipped().systems {
        for declared in system.settings.iter().filter(|declared| declared.by.is_some()) {
            his.push(format!("{} {}", declared.place, system.name));
        }
        // Where this catalogue places it otherwise, his cell stands beside ours.
        let other = system.settings.iter().filter_map(|declared| Some((declared.abadi?, &declared.place)));
        his.extend(other.map(|(cell, ours)| format!("{cell} {}, here {ours}", system.name)));
    }
    // As in his article, with their default settings.
    expect![[r#"
        PA/EL cassandra
        PA/EL dynamo
        PC/EC hbase
        PC/EC megastore
        PA/EC mongodb, here P–/EC
        PC/EL pnuts
        PA/EL riak
        PC/EC voltdb"#]]
    .assert_eq(&his.join("\n"));
}

#[test]
fn every_cell_is_read_as_it_is_shown() {
    for (name, cell) in Cell::NAMES {
        assert_eq!(Cell::parse(name), Some(cell));
        assert_eq!(Cell::parse(&cell.to_string()), Some(cell), "{cell}");
    }
    for wrong in ["", "PA", "PA/", "pa/el", "CA/EL", "PA/EL "] {
        assert_eq!(Cell::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_name_is_found_in_any_case_and_a_wrong_one_is_near_to_a_right_one() {
    let catalogue = Catalogue::shipped();
    assert_eq!(catalogue.find("MongoDB").map(|system| &*system.name), Some("mongodb"));
    assert_eq!(catalogue.find("cassanda"), None);
    let near =
        [("cassanda", "cassandra"), ("postgres", "postgresql"), ("mongo", "mongodb"), ("ectd", "etcd")];
    for (wrong, right) in near {
        assert_eq!(catalogue.nearest(wrong), Some(right));
    }
    assert_eq!(catalogue.nearest("oracle"), None);
}

#[test]
fn a_sound_catalogue_is_read_with_all_that_it_says() {
    check("caveat = \"clocks\"\n", "", expect!["accepted: 1 systems"]);
    let catalogue = Catalogue::parse(SOUND).expect("it is sound");
    let declared = &catalogue.systems[0].settings[0];
    assert_eq!((&*declared.setting, &*declared.version), ("default", "1"));
    assert_eq!(declared.place.to_string(), "PA/EL");
    assert_eq!(declared.caveat.as_deref(), Some("clocks"));
    assert_eq!(declared.by, None);
    assert_eq!(declared.sources[0].address, "https://example.org/store");
}

#[test]
fn what_is_no_toml_or_has_unknown_keys_is_refused_where_it_does() {
    check(
        "\"A Store\"",
        "\"A Store",
        expect![[r#"
        8:17 invalid basic string, expected `"`
    "#]],
    );
    check(
        "caveat",
        "caveats",
        expect![[r#"
        16:1 unknown key `caveats` in a setting (did you mean `caveat`?)
        caveats"#]],
    );
    check(
        "date",
        "year",
        expect![[r#"
        4:1 unknown key `year` in a source (one of `title`, `address`, `date`)
        year"#]],
    );
    check(
        "[[systems]]",
        "[[stores]]",
        expect![[r#"
        6:3 unknown key `stores` in the file (one of `sources`, `systems`)
        stores"#]],
    );
    check(
        "title = \"A Store\"",
        "titel = \"A Store\"",
        expect![[r#"
        8:1 unknown key `titel` in a system (did you mean `title`?)
        titel"#]],
    );
}

#[test]
fn what_is_missing_is_named() {
    check(
        "partition = \"both sides answer\"\n",
        "",
        expect![[r#"
        10:1 `partition` is missing in a setting
        [[systems.settings]]"#]],
    );
    check(
        "normal = \"the nearest replica answers\"\n",
        "",
        expect![[r#"
        10:1 `normal` is missing in a setting
        [[systems.settings]]"#]],
    );
    check(
        "sources = [\"paper\"]\n",
        "",
        expect![[r#"
        10:1 `sources` is missing in a setting
        [[systems.settings]]"#]],
    );
    check(
        "sources = [\"paper\"]",
        "sources = []",
        expect![[r#"
        17:11 `sources` is empty
        []"#]],
    );
    check(
        "date = \"2026\"\n",
        "",
        expect![[r#"
        1:1 `date` is missing in a source
        [sources.paper]"#]],
    );
    check(
        "[[systems.settings]]",
        "[systems.settings]",
        expect![[r#"
        10:1 `settings` should be a list, not a table
        [systems.settings]"#]],
    );
}

#[test]
fn cells_and_what_they_depend_on_go_together() {
    check(
        "PA/EL",
        "PA/LE",
        expect![[r#"
        13:8 `PA/LE` is no cell (did you mean `PA/EL`?)
        "PA/LE""#]],
    );
    check(
        "PA/EL",
        "CA",
        expect![[r#"
        13:8 `CA` is no cell (one of `PA/EL`, `PA/EC`, `PC/EL`, `PC/EC`, `P-/EL`, `P-/EC`, `depends`)
        "CA""#]],
    );
    check(
        "\"PA/EL\"",
        "7",
        expect![[r#"
        13:8 `cell` should be a text in quotes, not an integer
        7"#]],
    );
    check(
        "\"PA/EL\"",
        "\"depends\"",
        expect![[r#"
        13:8 the cell depends, and `depends` is missing (say on what, as in `depends = "whether somebody promotes a standby"`)
        "depends""#]],
    );
    check("\"PA/EL\"", "\"depends\"\ndepends = \"the clocks\"", expect!["accepted: 1 systems"]);
    check(
        "\"PA/EL\"",
        "\"PA/EL\"\ndepends = \"the clocks\"",
        expect![[r#"
        14:11 `depends` goes only with `cell = "depends"`
        "the clocks""#]],
    );
}

#[test]
fn where_abadi_places_it_is_said_only_of_another_cell() {
    check("\"PA/EL\"", "\"P-/EC\"\nabadi = \"PA/EC\"", expect!["accepted: 1 systems"]);
    check(
        "\"PA/EL\"",
        "\"depends\"\ndepends = \"the clocks\"\nabadi = \"PA/EC\"",
        expect!["accepted: 1 systems"],
    );
    check(
        "\"PA/EL\"",
        "\"PA/EL\"\nabadi = \"PA/EL\"",
        expect![[r#"
        14:9 `abadi` goes only with another cell than PA/EL (leave it out, and say `by = "Abadi 2012"`)
        "PA/EL""#]],
    );
    check(
        "\"PA/EL\"",
        "\"PA/EL\"\nabadi = \"PA/CE\"",
        expect![[r#"
        14:9 `PA/CE` is no cell (did you mean `PA/EC`?)
        "PA/CE""#]],
    );
    check(
        "\"PA/EL\"",
        "\"PA/EL\"\nabadi = \"depends\"",
        expect![[r#"
        14:9 `depends` is no cell (one of `PA/EL`, `PA/EC`, `PC/EL`, `PC/EC`, `P-/EL`, `P-/EC`)
        "depends""#]],
    );
}

#[test]
fn sources_are_described_once_and_cited() {
    check(
        "[\"paper\"]",
        "[\"papre\"]",
        expect![[r#"
        17:12 no source is called `papre` (did you mean `paper`?)
        "papre""#]],
    );
    check(
        "[\"paper\"]",
        "[\"paper\", \"paper\"]",
        expect![[r#"
        17:21 source `paper` is cited twice
        "paper""#]],
    );
    check(
        "https://example.org/store",
        "example.org/store",
        expect![[r#"
        3:11 `example.org/store` is not an address such as "https://doi.org/10.1109/MC.2012.33"
        "example.org/store""#]],
    );
    check(
        "https://example.org/store",
        "https://example.org/a store",
        expect![[r#"
        3:11 `https://example.org/a store` is not an address such as "https://doi.org/10.1109/MC.2012.33"
        "https://example.org/a store""#]],
    );
    let other = "[sources.other]\ntitle = \"O\"\naddress = \"http://o.example\"\ndate = \"1\"\n[[systems]]";
    check(
        "[[systems]]",
        other,
        expect![[r#"
        6:1 no setting cites the source `other` (cite it in the `sources` of a setting, or leave it out)
        [sources.other]"#]],
    );
}

#[test]
fn texts_stand_on_one_line_and_names_are_plain() {
    check(
        "name = \"store\"",
        "name = \"A Store\"",
        expect![[r#"
        7:8 `A Store` is not a name of small letters, digits, `-` and `.`, such as "cassandra"
        "A Store""#]],
    );
    check(
        "both sides answer",
        "both sides answer.",
        expect![[r#"
        14:13 `partition` should end without a full stop
        "both sides answer.""#]],
    );
    check(
        "both sides answer",
        " ",
        expect![[r#"
        14:13 `partition` says nothing
        " ""#]],
    );
    check(
        "both sides answer",
        "both\\nsides",
        expect![[r#"
        14:13 `partition` should stand on one line, without control characters
        "both\nsides""#]],
    );
    check(
        "both sides answer",
        "both \\u001b[31m sides",
        expect![[r#"
        14:13 `partition` should stand on one line, without control characters
        "both \u001b[31m sides""#]],
    );
    check(
        "both sides answer",
        &"long ".repeat(101),
        expect![[r#"
        14:13 `partition` has more than 500 characters
        "long long long long long long long long long long long long"#]],
    );
}

#[test]
fn nothing_is_declared_twice() {
    let (_, system) = SOUND.split_once("[[systems]]").expect("there is one");
    check(
        "[sources.paper]",
        &format!("[[systems]]{system}[sources.paper]"),
        expect![[r#"
        19:8 system `store` is described twice
        "store""#]],
    );
    let (_, setting) = SOUND.split_once("[[systems.settings]]").expect("there is one");
    check(
        "[[systems.settings]]",
        &format!("[[systems.settings]]{setting}[[systems.settings]]"),
        expect![[r#"
        19:11 `default` of version `1` is declared twice
        "default""#]],
    );
}

#[test]
fn a_catalogue_is_bounded() {
    let long = format!("#{}", " ".repeat(Catalogue::TEXT_MAX));
    check(
        "[sources.paper]",
        &format!("{long}\n[sources.paper]"),
        expect![[r#"
        1:1 a catalogue has at most 1048576 bytes
    "#]],
    );
    let systems = |count: u32| {
        let (_, setting) = SOUND.split_once("[[systems.settings]]").expect("there is one");
        let system =
            |nth| format!("[[systems]]\nname = \"s{nth}\"\ntitle = \"S\"\n[[systems.settings]]{setting}");
        (0..count).map(system).collect::<String>()
    };
    check("[sources.paper]", &format!("{}[sources.paper]", systems(999)), expect!["accepted: 1000 systems"]);
    check(
        "[sources.paper]",
        &format!("{}[sources.paper]", systems(1_000)),
        expect![[r#"
        1:1 there are at most 1000 systems in a catalogue
        [[systems]]"#]],
    );
    let settings: String = (0..100)
        .map(|nth| {
            let (_, setting) = SOUND.split_once("setting = \"default\"").expect("there is one");
            format!("[[systems.settings]]\nsetting = \"{nth}\"{setting}")
        })
        .collect();
    check(
        "[[systems.settings]]",
        &format!("{settings}[[systems.settings]]"),
        expect![[r#"
        10:1 there are at most 100 settings of a system
        [[systems.settings]]"#]],
    );
}

#[test]
fn no_system_hides_behind_a_store_of_its_name() {
    check(
        "name = \"store\"",
        "name = \"chain\"",
        expect![[r#"
        7:8 `chain` is the name of a store that is measured (give the system another name)
        "chain""#]],
    );
}
