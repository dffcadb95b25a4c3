//! `constellation place`: stores are measured, told with their numbers, and drawn into the matrix.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;
use std::path::Path;

use constellation_lab::placement::STORES;
use constellation_lab::placement::catalogue::Catalogue;
use constellation_lab::placement::protocol::Round;
use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn a_store_is_told_by_its_cell_two_sentences_and_the_numbers_under_them() {
    check(
        &["place", "quorum:r=1,w=1"],
        expect![[r#"
            exit 0
            --- out
            PA/EL  quorum:n=3,r=1,w=1,repair=off,sloppy=off  measured with seed 1
              partition  Whichever site is cut off, every site goes on answering reads and writes; 1676 of 5412
                         reads showed what had been replaced, up to 5253.2 ms before, and none of 6696
                         acknowledged writes was lost, though 675 were not shown at every site 3000.0 ms after
                         the heal, and 294 of 1296 that a client had built on what it read were overwritten by
                         one that had not seen them, and causal-convergence held without a cut and does not hold
                         with one, nor do causal and pram.
              normal     A read takes 0.00 round trips, and a write 0.00 round trips; 2357 of 3511 reads showed
                         what had been replaced, up to 59.4 ms before.
              elsewhere  With n=2 it lives in P–/EL; paid: a read takes 0.33 round trips on average at best
                         (here 0.00), a write takes 0.33 round trips on average at best (here 0.00), 89 % of
                         reads are answered with a cut (here 100 %), 88 % of writes are answered with a cut
                         (here 100 %).
                         With r=2 it lives in P–/EL; gained: no write is overwritten unseen (here 294 of 1296
                         writes); paid: a read takes 1.00 round trips on average at best (here 0.00), 66 % of
                         reads are answered with a cut (here 100 %).
                         With w=2 it lives in P–/EL; paid: a write takes 1.00 round trips on average at best
                         (here 0.00), 66 % of writes are answered with a cut (here 100 %).
                         With n=1 it lives in PC/EC; gained: no read is stale in normal operation (here 2357 of
                         3511 reads), no read is stale with a cut (here 1676 of 5412 reads), what is answered in
                         normal operation is linearizable (here not), what is answered with a cut is
                         linearizable (here not), no acknowledged write is lost at a site (here 675 of 6696
                         acknowledged writes), no write is overwritten unseen (here 294 of 1296 writes); paid: a
                         read takes 0.67 round trips on average at best (here 0.00), a write takes 0.67 round
                         trips on average at best (here 0.00), 52 % of reads are answered with a cut (here 100
                         %), 54 % of writes are answered with a cut (here 100 %).
                         With r=3 it lives in PC/EC; gained: no read is stale in normal operation (here 2357 of
                         3511 reads), no read is stale with a cut (here 1676 of 5412 reads), what is answered in
                         normal operation is linearizable (here not), what is answered with a cut is
                         linearizable (here not), no acknowledged write is lost at a site (here 675 of 6696
                         acknowledged writes), no write is overwritten unseen (here 294 of 1296 writes); paid: a
                         read takes 1.00 round trips on average at best (here 0.00), 0 % of reads are answered
                         with a cut (here 100 %).
                         With w=3 it lives in PC/EL; gained: no read is stale in normal operation (here 2357 of
                         3511 reads), no read is stale with a cut (here 1676 of 5412 reads), no acknowledged
                         write is lost at a site (here 675 of 6696 acknowledged writes), no write is overwritten
                         unseen (here 294 of 1296 writes); paid: a write takes 1.00 round trips on average at
                         best (here 0.00), 0 % of writes are answered with a cut (here 100 %).
                         With sites=5 it lives in P–/EL; paid: a read takes 0.40 round trips on average at best
                         (here 0.00), a write takes 0.40 round trips on average at best (here 0.00), 91 % of
                         reads are answered with a cut (here 100 %), 91 % of writes are answered with a cut
                         (here 100 %).
              holds      without a cut sequential; with one read-your-writes and monotonic-reads and
                         monotonic-writes and writes-follow-reads

              round trips              read      write
                pacific                0.00       0.00
                atlantic               0.00       0.00
                indian                 0.00       0.00

              stale reads                           count      of  greatest age
                all links alike                       984    1400       36.9 ms
                pacific is slow                       188     292       54.9 ms
                atlantic is slow                      188     292       54.9 ms
                indian is slow                        972    1076       59.4 ms
                all sites are busy                     25     451        6.5 ms
                pacific is cut off                    161     451     3973.2 ms
                atlantic is cut off                   177     451     3973.2 ms
                indian is cut off                     161     451     3973.2 ms
                pacific is not heard                  102     451     3786.5 ms
                atlantic is not heard                  99     451     3973.2 ms
                indian is not heard                    86     451     3973.2 ms
                pacific hears nobody                   84     451     3973.2 ms
                atlantic hears nobody                 103     451     3973.2 ms
                indian hears nobody                   100     451     3826.5 ms
                pacific is cut off with losses        196     451     5253.2 ms
                atlantic is cut off with losses       211     451     5253.2 ms
                indian is cut off with losses         196     451     5253.2 ms

              during cuts, each from 0.6 s to 4.6 s
                every site answered everything during every cut

              lost after healing: 0 of 6696 acknowledged writes, and 675 that a site does not show
              not lost, but shown at some site only when it was asked again: 0
              not known: 0 that could not be read at every site, and 0 at none
              overwritten unseen: 294 of 1296 that a client had built on what it read

              not linearizable while every link takes 5 ms, shown by the fewest operations:
                expected  each operation takes effect at one moment between its beginning and its end
                found     indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
                events                              pacific-0    indian-0
                          e0  0.5s..0.5001s         w(turn-1,1)
                          e2  0.504901s..0.505001s               r(turn-1,nil)
                sketch    pacific-0  ├─w(turn-1,1)─┤
                          indian-0                   ├─r(turn-1,nil)─┤
                proof     e0 w(turn-1,1) → e2 r(turn-1,nil)   over before the other begins
                          e2 r(turn-1,nil) → e0 w(turn-1,1)   it reads an older turn-1

              not linearizable while pacific is cut off, shown by the fewest operations:
                expected  each operation takes effect at one moment between its beginning and its end
                found     indian-0 r(shared-0,45) reads as shared-0 that of indian-0 w(shared-0,45), which pacific-0 w(shared-0,46) had overwritten before it began
                events                                    indian-0        pacific-0
                          e0  0.593333274s..0.593433274s  w(shared-0,45)
                          e2  0.619999938s..0.620099938s                  w(shared-0,46)
                          e4  0.653333268s..0.653433268s  r(shared-0,45)
                sketch    indian-0   ├─w(shared-0,45)─┤                    ├─r(shared-0,45)─┤
                          pacific-0                     ├─w(shared-0,46)─┤
                proof     e2 w(shared-0,46) → e4 r(shared-0,45)   over before the other begins
                          e4 r(shared-0,45) → e2 w(shared-0,46)   it reads an older shared-0
                notes     indian-0 w(shared-0,45) before pacific-0 w(shared-0,46): over before the other begins

              overwritten unseen while pacific is cut off:
              600.7 ms  pacific's client 90 writes built-0-0 = 10010 over 10009, done at 600.8 ms
              750.9 ms  atlantic's client 90 writes built-0-0 = 10014 over 10009, done at 751.0 ms
              7600.0 ms  pacific's client 0 reads built-0-0, shown 10018 at 7600.1 ms
              7600.0 ms  atlantic's client 0 reads built-0-0, shown 10018 at 7600.1 ms
              7600.0 ms  indian's client 0 reads built-0-0, shown 10018 at 7600.1 ms
              8238.4 ms  pacific's client 0 reads built-0-0, shown 10018 at 8238.5 ms
              8238.4 ms  atlantic's client 0 reads built-0-0, shown 10018 at 8238.5 ms
              8238.4 ms  indian's client 0 reads built-0-0, shown 10018 at 8238.5 ms

            PA      whichever sites are cut off, all is answered, once the time for a fail-over is over
            PC      not all is; each model asked that holds without a cut holds with one, and no acknowledged write is lost
            P–      neither
            lost    what a site does not show 3 s after the heal, even when it is asked again
            EL      what is answered without a cut is not linearizable
            EC      it is linearizable, with one slow site, too
            P?, E?  what was measured does not tell
            models  linearizable; where that does not hold, causal-convergence, causal, pram and the session guarantees"#]],
    );
    check(
        &["place", "quorum"],
        expect![[r#"
            exit 0
            --- out
            P–/EC  quorum:n=3,r=2,w=2,repair=off,sloppy=off  measured with seed 1
              partition  Whichever site is cut off, it answers neither reads nor writes; what is answered is not
                         linearizable (indian-0 r(shared-1,117) reads as shared-1 that of indian-1
                         w(shared-1,117), which pacific-50 w(shared-1,118)? had overwritten before it began),
                         and none of 4859 acknowledged writes was lost.
              normal     A read takes 1.00 round trips, and a write 1.00 round trips; every read shows the
                         latest write, with one slow site, too.
              elsewhere  With n=2 it lives in PC/EC; gained: what is answered with a cut is linearizable (here
                         not); paid: 26 % of reads are answered with a cut (here 66 %), 22 % of writes are
                         answered with a cut (here 66 %).
                         With r=1 it lives in P–/EL; gained: a read takes 0.00 round trips on average at best
                         (here 1.00), 100 % of reads are answered with a cut (here 66 %); paid: 432 of 9445
                         reads are stale in normal operation (here no read), 329 of 5676 reads are stale with a
                         cut (here no read), what is answered in normal operation is not linearizable (here it
                         is), 402 of 4904 acknowledged writes are lost at a site (here no acknowledged write),
                         86 of 486 writes are overwritten unseen (here no write).
                         With r=3 it lives in PC/EC; gained: what is answered with a cut is linearizable (here
                         not); paid: 0 % of reads are answered with a cut (here 66 %).
                         With w=1 it lives in P–/EL; gained: a write takes 0.00 round trips on average at best
                         (here 1.00), 100 % of writes are answered with a cut (here 66 %); paid: 60 of 1183
                         reads are stale in normal operation (here no read), 704 of 4429 reads are stale with a
                         cut (here no read), what is answered in normal operation is not linearizable (here it
                         is), 133 of 5886 acknowledged writes are lost at a site (here no acknowledged write).
                         With repair=before it lives in PC/EC; gained: what is answered with a cut is
                         linearizable (here not).
              holds      without a cut linearizable and eventual-convergence; with one causal and
                         read-your-writes and monotonic-writes and writes-follow-reads (eventual-convergence:
                         unknown)

              round trips              read      write
                pacific                1.00       1.00
                atlantic               1.00       1.00
                indian                 1.00       1.00

              stale reads                           count      of  greatest age
                all links alike                         0     456             –
                pacific is slow                         0     164             –
                atlantic is slow                        0     161             –
                indian is slow                          0     179             –
                all sites are busy                      0     457             –
                pacific is cut off                      0     399             –
                atlantic is cut off                     0     396             –
                indian is cut off                       0     396             –
                pacific is not heard                    0     399             –
                atlantic is not heard                   0     396             –
                indian is not heard                     0     396             –
                pacific hears nobody                    0     399             –
                atlantic hears nobody                   0     396             –
                indian hears nobody                     0     397             –
                pacific is cut off with losses          0     375             –
                atlantic is cut off with losses         0     372             –
                indian is cut off with losses           0     372             –

              during cuts, each from 0.6 s to 4.6 s
                while                            asked at    reads refused silent       gap  writes refused silent       gap
                pacific is cut off               pacific         0       0     75   to heal       0       0     75   to heal
                atlantic is cut off              atlantic        0       0     75   to heal       0       0     75   to heal
                indian is cut off                indian          0       0     75   to heal       0       0     75   to heal
                pacific is not heard             pacific         0       0     75   to heal       0       0     75   to heal
                atlantic is not heard            atlantic        0       0     75   to heal       0       0     75   to heal
                indian is not heard              indian          0       0     75   to heal       0       0     75   to heal
                pacific hears nobody             pacific         0       0     75   to heal       0       0     75   to heal
                atlantic hears nobody            atlantic        0       0     75   to heal       0       0     75   to heal
                indian hears nobody              indian          0       0     75   to heal       0       0     75   to heal
                pacific is cut off with losses   pacific         0       0     75   to heal       0       0     75   to heal
                atlantic is cut off with losses  atlantic        0       0     75   to heal       0       0     75   to heal
                indian is cut off with losses    indian          0       0     75   to heal       0       0     75   to heal
                whoever is not named answered everything

              lost after healing: 0 of 4859 acknowledged writes, and 0 that a site does not show
              not lost, but shown at some site only when it was asked again: 0
              not known: 0 that could not be read at every site, and 0 at none
              overwritten unseen: 0 of 441 that a client had built on what it read

              not linearizable while pacific is cut off with losses, shown by the fewest operations:
                expected  each operation takes effect at one moment between its beginning and its end
                found     indian-0 r(shared-1,117) reads as shared-1 that of indian-1 w(shared-1,117), which pacific-50 w(shared-1,118)? had overwritten before it began
                events                                      indian-1         pacific-50        pacific-0.5      indian-0
                          e0  1.553333178s..1.573661605s    w(shared-1,117)
                          e2  1.579999842s..                                 w(shared-1,118)?
                          e4  12.480954434s..12.501104283s                                     r(shared-1,118)
                          e6  13.992552269s..14.012858474s                                                      r(shared-1,117)
                sketch    indian-1     ├─w(shared-1,117)─┤
                          pacific-50                       ├─w(shared-1,118)?╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▷
                          pacific-0.5                        ├─r(shared-1,118)─┤
                          indian-0                                               ├─r(shared-1,117)─┤
                proof     e2 w(shared-1,118)? → e4 r(shared-1,118)   its shared-1 is read
                          e4 r(shared-1,118) → e6 r(shared-1,117)    over before the other begins
                          e6 r(shared-1,117) → e2 w(shared-1,118)?   it reads an older shared-1
                notes     indian-1 w(shared-1,117) before pacific-0.5 r(shared-1,118): over before the other begins
                          indian-1 w(shared-1,117) before pacific-50 w(shared-1,118)?: pacific-0.5 r(shared-1,118) knows its shared-1, yet reads the other's

            PA      whichever sites are cut off, all is answered, once the time for a fail-over is over
            PC      not all is; each model asked that holds without a cut holds with one, and no acknowledged write is lost
            P–      neither
            lost    what a site does not show 3 s after the heal, even when it is asked again
            EL      what is answered without a cut is not linearizable
            EC      it is linearizable, with one slow site, too
            P?, E?  what was measured does not tell
            models  linearizable; where that does not hold, causal-convergence, causal, pram and the session guarantees"#]],
    );
}

#[test]
fn the_matrix_fits_into_a_hundred_columns() {
    let output = Bench::new(&[]).run(&["place", "--all"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let matrix = text(&output.stdout).lines().filter(|line| line.contains('│') || line.contains('┼'));
    for line in matrix {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for info in STORES {
        assert!(text(&output.stdout).contains(&format!(" {}:", info.name)), "no {}", info.name);
    }
}

#[test]
fn the_page_of_placements_and_its_picture_are_what_the_command_makes() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["place", "--all", "--table", "--svg", "it.svg", "--html", "it.html"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    expect_file![docs.join("placement.md")].assert_eq(text(&output.stdout));
    let read = |name: &str| fs::read_to_string(bench.path().join(name)).expect("it was written");
    expect_file![docs.join("pictures/pacelc.svg")].assert_eq(&read("it.svg"));
    // Each row of the page in Markdown is a mark in the page that is looked at, with the same two sentences.
    let html = read("it.html");
    let rows: Vec<&str> = text(&output.stdout).lines().filter(|line| line.starts_with("| `")).collect();
    assert!(rows.len() > 20, "{rows:?}");
    for row in rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        for sentence in [cells[4], cells[5].trim_end_matches(" |")] {
            // Of five sites more is said, in sentences of their own.
            let sentence = sentence.split_inclusive(". ").next().unwrap_or_default().trim_end();
            let sentence = sentence.replace('\\', "").replace('\'', "&#39;");
            assert_eq!(
                html.matches(&sentence).count() % 2,
                0,
                "once to be pointed at, once in the table: {sentence}"
            );
            assert!(html.contains(&sentence), "{sentence}");
        }
    }
    assert!(!html.contains("<script"), "it needs none");
}

#[test]
fn the_slope_of_latency_against_round_trips_is_what_the_table_says() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["place", "chain", "--svg", "it.svg", "--json"], b"");
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let svg = fs::read_to_string(bench.path().join("it.svg")).expect("it was written");
    let title = "chain:reads=tail,failover=off: latency against round-trip time";
    assert!(svg.contains(&format!("<title>{title}</title>")), "{svg}");
    assert!(svg.contains(json["stores"][0]["normal"].as_str().expect("a sentence")), "{svg}");
    for row in json["stores"][0]["round_trips"].as_array().expect("a list") {
        let of = |name: &str| row[name].as_str().expect("a text").to_owned();
        let (site, operation, trips) = (of("site"), of("operation"), of("round_trips"));
        let line = format!("{operation}: {trips} round trips at ");
        let sites = between(&svg, &line, "<");
        assert!(sites.split(", ").any(|named| named == site), "{site} is not in {sites}");
        let points = svg.matches(&format!("<title>{site}: ")).count();
        assert_eq!(points, 8, "{site}: reads and writes at 10, 20, 40 and 80 ms");
        // Where a round trip takes 80 ms, so many times that, to the millisecond.
        let hundredths: u64 = trips.replace('.', "").parse().expect("a number");
        let start = format!("<title>{site}: 80, ");
        let mut took = svg.split(&start).skip(1).map(|rest| {
            let whole: u64 =
                rest.split(['.', ' ', '<']).next().and_then(|text| text.parse().ok()).expect("a number");
            whole
        });
        assert!(took.any(|ms| ms.abs_diff(hundredths * 80 / 100) <= 1), "{site}: {operation} {trips}");
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("`{start}` is missing"));
    rest.split_once(end).unwrap_or_else(|| panic!("`{end}` is missing")).0
}

#[test]
fn how_many_cores_measure_makes_no_difference() {
    let bench = Bench::new(&[]);
    let of = |jobs: &str| bench.run(&["place", "--all", "consensus", "--json", "--jobs", jobs], b"").stdout;
    assert_eq!(text(&of("1")), text(&of("3")));
}

#[test]
fn only_the_settings_of_the_stores_that_are_given_are_measured() {
    let output = Bench::new(&[]).run(&["place", "--all", "leader", "quorum:r=3,w=3", "--json"], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let stores = found["stores"].as_array().expect("there are stores");
    let leader = STORES.iter().find(|info| info.name == "leader").expect("there is one");
    assert_eq!(stores.len(), leader.named.len() + 1);
    assert_eq!(stores.last().expect("there is one")["store"], "quorum:n=3,r=3,w=3,repair=off,sloppy=off");
    // Also of a store that is given as it is by itself.
    let output = Bench::new(&[]).run(&["place", "--all", "crdt", "crdt:sites=5", "--json"], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let stores =
        found["stores"].as_array().expect("there are stores").iter().map(|store| store["store"].as_str());
    let stores: Vec<_> = stores.flatten().collect();
    assert_eq!(stores, ["crdt:gossip=20ms", "crdt:gossip=200ms", "crdt:gossip=20ms,sites=5"]);
}

#[test]
fn the_histories_of_a_store_are_written_and_can_be_judged() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["place", "leader:reads=anywhere", "--history", "seen"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let last = text(&output.stdout).lines().last().unwrap_or_default().to_owned();
    let rounds = Round::all(3).len();
    let told =
        format!("wrote {rounds} files into seen; judge them: constellation judge seen --model linearizable");
    assert_eq!(last, format!("· {told}"));
    let judged = bench.run(&["judge", "seen", "--model", "linearizable"], b"");
    assert_eq!(judged.status.code(), Some(1), "{}", text(&judged.stderr));
    let judged = text(&judged.stdout);
    let last = judged.lines().last().unwrap_or_default();
    assert!(last.starts_with(&format!("{rounds} histories: ")) && last.contains("violated"), "{judged}");
    // Of several, each by its name.
    let output = bench.run(&["place", "--all", "crdt", "--history", "both"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let last = text(&output.stdout).lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with(&format!("· wrote {} files into both; ", 2 * rounds)), "{last}");
    // One that keeps its word in all of them.
    let output = bench.run(&["place", "quorum:repair=before", "--history", "right"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let judged = bench.run(&["judge", "right", "--model", "linearizable"], b"");
    assert_eq!(judged.status.code(), Some(0), "{}", text(&judged.stdout));
}

#[test]
fn stores_and_systems_are_shown_together_each_as_what_it_is() {
    let output = Bench::new(&[]).run(&["place", "quorum", "riak", "--json"], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&found["schema"], &found["basis"]), (&"constellation/place/1".into(), &"both".into()));
    assert_eq!(found["stores"][0]["basis"], "measured");
    assert_eq!(found["stores"][0]["cell"], "P–/EC");
    assert_eq!(found["systems"][0]["name"], "riak");
}

#[test]
fn no_store_is_called_as_a_system_is() {
    let catalogue = Catalogue::shipped();
    for info in STORES {
        assert_eq!(catalogue.find(info.name), None, "{}", info.name);
    }
}

#[test]
fn what_is_no_store_or_cannot_be_set_so_is_refused_with_what_to_do() {
    let refused = [
        (
            &["place", "qorum"][..],
            expect![[r#"
            exit 2
            --- talk
            error: no store and no declared system is called `qorum`
            help: did you mean `quorum`?"#]],
        ),
        (
            &["place", "casandra"],
            expect![[r#"
            exit 2
            --- talk
            error: no store and no declared system is called `casandra`
            help: did you mean `cassandra`?"#]],
        ),
        (
            &["place", "moon"],
            expect![[r#"
            exit 2
            --- talk
            error: no store and no declared system is called `moon`
            help: `constellation place` lists both"#]],
        ),
        (
            &["place", "quorum:r=9"],
            expect![[r#"
                exit 2
                --- talk
                error: store quorum: r cannot be "9", only 1, 2, 3, because n=3
                help: `constellation place` lists what can be set of quorum"#]],
        ),
        (
            &["place", "leader:snc=one"],
            expect![[r#"
            exit 2
            --- talk
            error: store leader has no setting "snc"; did you mean sync?
            help: `constellation place` lists what can be set of leader"#]],
        ),
        (
            &["place", "leader:sync"],
            expect![[r#"
            exit 2
            --- talk
            error: store leader: "sync" is not of the form setting=value
            help: `constellation place` lists what can be set of leader"#]],
        ),
        (
            &["place", "cassandra:r=1"],
            expect![[r#"
            exit 2
            --- talk
            error: system `cassandra` has no settings here: it is declared, not measured
            help: `constellation place cassandra`"#]],
        ),
        (
            &["place", "--all", "cassandra"],
            expect![[r#"
                exit 2
                --- talk
                error: --all measures stores, and cassandra is declared, not measured
                help: the stores are leader, quorum, consensus, multi-leader, chain, crdt"#]],
        ),
        (
            &["place", "cassandra", "--history", "seen"],
            expect![[r#"
                exit 2
                --- talk
                error: --history writes what clients of a store saw, and cassandra is declared, not measured
                help: the stores are leader, quorum, consensus, multi-leader, chain, crdt"#]],
        ),
        (
            &["place", "--table"],
            expect![[r#"
            exit 2
            --- talk
            error: the following required arguments were not provided:
              <--all|--real>

            Usage: constellation place --table <--all|--real> [STORE|SYSTEM]...

            For more information, try '--help'."#]],
        ),
    ];
    for (args, expected) in refused {
        check(args, expected);
    }
}
