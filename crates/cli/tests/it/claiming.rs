//! `claims` as a user meets it: what it prints, for whom, and with which exit code.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::path::Path;

use constellation_audit::prose::terms;
use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::command::{Bench, shown, text};

const README: &[u8] = b"# Relay\n\nRelay is a linearizable store that stays available during a partition.\n\n## Reads\n\n\
    Reads are not serializable. It gives strong\nconsistency.\n\nBy default, watches are eventually consistent.\n";

const CLEAN: &[u8] = b"# Relay\n\nRelay is fast.\n";

fn bench() -> Bench {
    Bench::new(&[("README.md", README), ("clean.md", CLEAN)])
}

#[test]
fn each_claim_has_a_line_and_each_contradiction_is_drawn() {
    bench().check(&["claims", "README.md"], expect![[r#"
        exit 1
        --- out
        linearizable: each operation on an object takes effect at one moment between its beginning and its end, so that whoever begins later sees it
          info claimed    README.md:3:12  Relay is a linearizable store that stays available during a par…

        strong consistency: no one model: some mean linearizable by it, some sequential, some only that replicas agree
          warn claimed    README.md:7:38  It gives strong consistency.

        eventual consistency: once nobody writes any more, all replicas come to show the same
          info qualified  README.md:10:25  By default, watches are eventually consistent.  [By default]

        available in a partition: during a partition, every node that lives answers
          info claimed    README.md:3:42  …nearizable store that stays available during a partition.

        warn[contradiction::linearizable-and-available]: linearizable, and available to all in a partition
         --> README.md:3:12
          |
        3 | Relay is a linearizable store that stays available during a partition.
          |            ^^^^^^^^^^^^                  ---------------------------- and here everybody is answered
          |            |
          |            this may not hold while the network is divided, if the other place does; what does a client on the minority side get?
          |
          = becomes: The Antarctic stations kept accepting updates for nine minutes, as the manual promised. An hour
                     of reconciliation followed, since the other side had done so, too.
          = instead: say which of the two is given up in a partition, for which operations, and what a client on the
                     minority side gets
          = note: `constellation claims --explain contradiction::linearizable-and-available` tells more

        term                      claimed  qualified  negated  otherwise  contradicted
        linearizable                    1          0        0          0             1
        strong consistency              1          0        0          0             0
        eventual consistency            0          1        0          0             0
        available in a partition        1          0        0          0             1
        1 file, 10 lines: 4 places in words that promise something, 1 contradiction
        · read off the words alone; `constellation claims --explain TERM` tells what to ask, --all draws each"#]]);
}

#[test]
fn all_draws_each_claim_with_its_questions() {
    Bench::new(&[("a.md", b"Reads are sequentially consistent.\n")])
        .check(&["claims", "--all", "a.md"], expect![[r#"
            exit 0
            --- out
            sequentially consistent: all see one order of all operations, in which everybody's own stand as they were done
              info claimed    a.md:1:11  Reads are sequentially consistent.
              not said: that the order is that of real time: everybody may see the same old state for as long as it
                likes
              · how old may a read be at most, and who measures that?
              · for single objects, or for transactions of several?
              · do reads go the way of writes, or to any replica?

            info[claim::sequential]: `sequentially consistent` is claimed
             --> a.md:1:11
              |
            1 | Reads are sequentially consistent.
              |           ^^^^^^^^^^^^^^^^^^^^^^^ promised without a condition; what the word does not say: that the order is that of real time: everybody may see the same old state for as long as it likes
              |
              = instead: say for which objects, and how far behind real time a reader may be

            term                     claimed  qualified  negated  otherwise  contradicted
            sequentially consistent        1          0        0          0             0
            1 file, 1 line: 1 place in words that promise something, 0 contradictions
            · read off the words alone; `constellation claims --explain TERM` tells what to ask, --all draws each"#]]);
}

#[test]
fn what_promises_nothing_is_told_too() {
    bench().check(
        &["claims", "clean.md"],
        expect![[r#"
        exit 0
        --- out
        1 file, 3 lines: 0 places in words that promise something, 0 contradictions"#]],
    );
}

#[test]
fn scripts_get_one_object() {
    Bench::new(&[("a.md", b"Relay is CA, as the CAP theorem has it.\n")])
        .check(&["claims", "--json", "--info", "a.md"], expect![[r#"
            exit 1
            --- out
            {
              "schema": "constellation/claims/1",
              "claims": [
                {
                  "term": "ca",
                  "context": "claimed",
                  "cue": "",
                  "file": "a.md",
                  "line": 1,
                  "column": 10,
                  "bytes": [
                    9,
                    11
                  ],
                  "text": "CA",
                  "sentence": "Relay is CA, as the CAP theorem has it.",
                  "section": "",
                  "is_contradicted": true
                }
              ],
              "findings": [
                {
                  "rule": "claim::ca",
                  "level": "info",
                  "title": "`CA` is claimed",
                  "file": "a.md",
                  "line": 1,
                  "column": 10,
                  "line_end": 1,
                  "column_end": 12,
                  "bytes": [
                    9,
                    11
                  ],
                  "within": "",
                  "fingerprint": "1bd794acf66fa652ce5be680a37f103a",
                  "is_test": false,
                  "here": "promised without a condition; what the word does not say: what happens in one: the network decides whether there is a partition, not the system",
                  "incident": "",
                  "instead": "say what is refused, or what becomes stale, while the network is divided"
                },
                {
                  "rule": "contradiction::ca",
                  "level": "warn",
                  "title": "consistent and available, as if there were no partitions",
                  "file": "a.md",
                  "line": 1,
                  "column": 10,
                  "line_end": 1,
                  "column_end": 12,
                  "bytes": [
                    9,
                    11
                  ],
                  "within": "",
                  "fingerprint": "68ef7cc70900a938aeea718e3012b811",
                  "is_test": false,
                  "here": "nobody chooses whether there are partitions; what is it in one?",
                  "incident": "",
                  "instead": "say what is refused or stale while the network is divided, and what is traded when it is not"
                }
              ],
              "terms": [
                {
                  "term": "ca",
                  "claimed": 1,
                  "qualified": 0,
                  "negated": 0,
                  "otherwise": 0,
                  "contradicted": 1
                }
              ],
              "files": 1,
              "lines": 1,
              "findings_hidden": 0,
              "findings_suppressed": 0,
              "baseline": null,
              "not_audited": [],
              "exit_code": 1
            }"#]]);
}

#[test]
fn code_hosts_get_both_places() {
    bench().check(&["claims", "--format", "github", "README.md"], expect![[r#"
        exit 1
        --- out
        ::warning file=README.md,line=3,endLine=3,col=12,endColumn=24,title=contradiction%3A%3Alinearizable-and-available%3A linearizable%2C and available to all in a partition::this may not hold while the network is divided, if the other place does; what does a client on the minority side get?%0Aline 3: and here everybody is answered%0Ainstead: say which of the two is given up in a partition, for which operations, and what a client on the minority side gets%0A`constellation claims --explain contradiction::linearizable-and-available` tells more
        ::warning file=README.md,line=7,endLine=8,title=claim%3A%3Astrong-consistency%3A `strong consistency` is claimed::promised without a condition; what the word does not say: which model it is, whether reads or transactions are meant, and at which setting%0Ainstead: name the model (linearizable, sequential, strict serializable), for which operations, and at which setting%0A`constellation claims --explain claim::strong-consistency` tells more
        2 findings in 1 file"#]]);
    let output = bench().run(&["claims", "--format", "sarif", "README.md"], b"");
    let sarif: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "constellation claims");
    let results = run["results"].as_array().expect("there are results");
    let contradiction = results
        .iter()
        .find(|result| result["ruleId"].as_str().is_some_and(|id| id.starts_with("contradiction")));
    let contradiction = contradiction.expect("there is a contradiction");
    assert_eq!(contradiction["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 3);
    let number =
        usize::try_from(contradiction["ruleIndex"].as_u64().expect("it is a number")).expect("it is small");
    assert_eq!(run["tool"]["driver"]["rules"][number]["id"], contradiction["ruleId"]);
    let output = bench().run(&["claims", "--format", "junit", "README.md"], b"");
    let junit = text(&output.stdout);
    assert!(junit.contains("<testsuites name=\"constellation claims\""), "{junit}");
    assert!(junit.contains("failures=\"2\""), "{junit}");
    assert!(!junit.contains("becomes: \n"), "{junit}");
}

#[test]
fn levels_move_the_exit_code() {
    let code = |args: &[&str]| bench().run(&[&["claims"], args].concat(), b"").status.code();
    assert_eq!(code(&["README.md"]), Some(1));
    assert_eq!(code(&["README.md", "--deny-from", "deny"]), Some(0));
    assert_eq!(code(&["clean.md", "--deny-from", "info"]), Some(0));
    assert_eq!(code(&["none.md"]), Some(2));
    assert_eq!(code(&[]), Some(2));
    let broken = Bench::new(&[("a.md", b"caf\xe9")]).run(&["claims", "a.md"], b"");
    assert_eq!(broken.status.code(), Some(2));
}

#[test]
fn what_is_known_is_set_aside() {
    let bench = bench();
    let known = ["claims", "README.md", "--baseline", "known.json"];
    assert_eq!(bench.run(&[&known[..], &["--write-baseline"]].concat(), b"").status.code(), Some(0));
    assert_eq!(bench.run(&known, b"").status.code(), Some(0));
    let more = [README, b"\nWrites are strongly consistent.\n"].concat();
    std::fs::write(bench.path().join("README.md"), more).expect("the folder is ours");
    assert_eq!(bench.run(&known, b"").status.code(), Some(1));
}

#[test]
fn an_editor_sends_what_it_has() {
    let output = bench().run(
        &["claims", "--stdin", "--filename", "a.html", "--format", "github"],
        b"<p>Always <b>available</b>",
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).starts_with("::warning file=a.html,line=1,endLine=1,col=4,"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn a_term_has_a_page_with_the_shortest_history_that_breaks_it() {
    Bench::new(&[]).check(&["claims", "--explain", "serializability"], expect![[r#"
        exit 0
        --- out
        serializable · info · claim::serializable

        promises
          transactions have the effect of some order, one after the other

        does not say
          which order: without real time a transaction may read what was overwritten long ago, and its own
          session's last write may be missing

        ask
          · at which setting is it so, and is that the default?
          · does the order keep real time, or at least that of a session?
          · are read-only transactions and replicas in it, too?
          · across shards, regions and restarts, or within one of each?

        write instead
          say whether the order keeps real time (strict) and sessions, at which isolation level, and
          whether that is the default

        the model
          serializable: all transactions, one after the other in some order, explain every read
          Papadimitriou, The Serializability of Concurrent Database Updates (JACM 1979); Biswas and Enea 2019, SER

        the shortest history that breaks it
        snapshot-isolation allows and serializable forbids “write skew”: each reads what the other writes, and both write different keys, so neither is refused; one after the other, the second would have seen the first
            pacific   {r(y,nil) w(x,1)}
            atlantic  {r(x,nil) w(y,1)}
            a line a session; nil is the initial value
          ✓ holds    snapshot-isolation
          ✗ violated serializable        write skew: each reads what the other overwrites, so that neither can be the first
        `constellation models snapshot-isolation serializable` shows it

        is taken for
          strict-serializable, linearizable, snapshot-isolation

        see it happen
          constellation specimens write-skew

        is spelt
          serializability
          serialisability
          serializable snapshot isolation
          serializable isolation
          isolation level serializable
          SERIALIZABLE
          serializable
          serialisable"#]]);
}

#[test]
fn a_contradiction_has_a_page() {
    Bench::new(&[]).check(
        &["claims", "--explain", "serializable-by-snapshot"],
        expect![[r#"
        exit 0
        --- out
        contradiction::serializable-by-snapshot · warn · serializable by snapshot isolation
        all promises at once: some promises exclude each other, whoever makes them

        why
          Under snapshot isolation two transactions that read what the other writes both commit, which no
          order explains (Berenson et al. 1995). Serializable snapshot isolation is another protocol,
          which refuses one of them.

        what it becomes
          Two stations each gave up their watch because the other was on it. Both transactions committed,
          and nobody watched.

        instead
          call it snapshot isolation and say that write skew can happen, or say what refuses it
          (serializable snapshot isolation, locks on reads)

        what looks like it and is right
          · serializable snapshot isolation, which is serializable (Cahill, Röhm and Fekete 2008)
          · a text that sets the two against each other

        see it happen
          constellation specimens write-skew
          constellation models snapshot-isolation serializable

        elsewhere
          Berenson et al., A Critique of ANSI SQL Isolation Levels (SIGMOD 1995)"#]],
    );
}

#[test]
fn a_misspelt_term_is_told_with_the_nearest() {
    Bench::new(&[]).check(
        &["claims", "--explain", "linearisible"],
        expect![[r#"
        exit 2
        --- talk
        error: no term or contradiction is called `linearisible`
        help: did you mean `linearizable`?"#]],
    );
    Bench::new(&[]).check(
        &["claims", "--terms", "--format", "sarif"],
        expect![[r#"
        exit 2
        --- talk
        error: `--format sarif` tells findings, and a page has none
        help: leave it out, or ask for `json`"#]],
    );
}

/// A reader who may read again has been promised nothing yet.
#[test]
fn what_holds_in_the_end_is_broken_only_at_the_end() {
    let output = Bench::new(&[]).run(&["claims", "--explain", "eventual"], b"");
    let page = text(&output.stdout);
    assert!(page.contains("judged as if nothing came after it"), "{page}");
    let output = Bench::new(&[]).run(&["claims", "--explain", "linearizable"], b"");
    assert!(!text(&output.stdout).contains("judged as if"));
}

/// Whoever runs serializable transactions has read committed, too, so no history of theirs breaks it.
#[test]
fn what_serializable_allows_breaks_no_weaker_level() {
    let output = Bench::new(&[]).run(&["claims", "--explain", "read-committed"], b"");
    let page = text(&output.stdout);
    assert!(page.contains("adya-pl2 allows and read-committed forbids “newer, then older”"), "{page}");
}

/// Each model that a term names is one of `models`, and a history breaks it that the command told shows, too.
#[test]
fn every_model_that_a_term_names_is_broken_by_a_history() {
    let output = Bench::new(&[]).run(&["claims", "--terms", "--json"], b"");
    let all: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    for term in all["terms"].as_array().expect("there are terms") {
        let Some(model) = term["model"].as_str() else { continue };
        assert_eq!(term["broken_by"]["forbidden"], model, "{}", term["term"]);
        let allowed = term["broken_by"]["allowed"].as_str().expect("there is one");
        let shown = Bench::new(&[]).run(&["models", allowed, model], b"");
        let (shown, name) =
            (text(&shown.stdout).to_owned(), term["broken_by"]["name"].as_str().expect("it has one"));
        assert!(
            shown.contains(&format!("“{name}”")) && shown.contains(&format!("✗ violated {model}")),
            "{shown}"
        );
    }
    assert!(terms().iter().filter(|term| term.model.is_some()).count() >= 15);
}

/// Whatever a page tells to run is a command that there is.
#[test]
fn what_pages_tell_to_run_can_be_run() {
    let output = Bench::new(&[]).run(&["claims", "--terms", "--json"], b"");
    let all: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let entries =
        ["terms", "contradictions"].into_iter().flat_map(|key| all[key].as_array().into_iter().flatten());
    let mut commands: Vec<&str> = entries
        .flat_map(|entry| entry["shows"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    commands.sort_unstable();
    commands.dedup();
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let output = Bench::new(&[]).run(&words, b"");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {}", text(&output.stderr));
    }
}

/// Pages that quote promises are left out by `.auditignore`.
#[test]
fn our_own_documents_promise_nothing_that_has_to_be_said_better() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let names = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs"]
        .map(|name| root.join(name).display().to_string());
    let args: Vec<&str> = std::iter::once("claims").chain(names.iter().map(String::as_str)).collect();
    let output = Bench::new(&[]).run(&args, b"");
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

#[test]
fn the_page_of_terms_is_what_the_command_prints() {
    let output = Bench::new(&[]).run(&["claims", "--terms", "--table"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/claims.md");
    expect_file![&page].assert_eq(text(&output.stdout));
}
