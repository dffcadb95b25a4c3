//! No store keeps both promises: for each the search finds the lost messages with which it breaks one.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, OnceLock};

use constellation_lab::placement::Store;
use constellation_lab::placement::cap::{Cap, Promise, Smallest, Wrong, cap, cap_within};
use constellation_lab::placement::cell::Otherwise;
use constellation_lab::placement::told::operation;
use constellation_trace::Nemesis;
use expect_test::expect;

use crate::shared::{measured, named};

/// A place for each store, so that one is waited for by those alone who need it.
type Searched = BTreeMap<String, Arc<OnceLock<Arc<Cap>>>>;

/// What is found of a store, which is searched once: [`the_same_store_is_broken_alike_every_time`].
fn found(store: &Store) -> Arc<Cap> {
    static SEARCHED: Mutex<Searched> = Mutex::new(BTreeMap::new());
    let cell =
        Arc::clone(SEARCHED.lock().expect("nobody panics with it").entry(store.to_string()).or_default());
    Arc::clone(cell.get_or_init(|| Arc::new(cap(store).expect("it runs"))))
}

/// As [`found`], of a store as it is written.
fn found_of(store: &str) -> Arc<Cap> {
    found(&store.parse().expect("it is in the table"))
}

/// Whether a wrong answer was found, in a few words.
fn of_wrong(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Shown => String::new(),
        Wrong::Found(wrong) => {
            format!("; wrong with {} lost, readers: {}", wrong.lost.len(), wrong.record.asked.len() - 1)
        }
        Wrong::NotFound { lost_max: Some(most) } => format!("; not wrong with up to {most} lost"),
        Wrong::NotFound { lost_max: None } => "; not wrong however many are lost".to_owned(),
        other => format!("; {other:?}"),
    }
}

#[test]
fn every_store_breaks_one_of_the_two_promises_when_messages_are_lost() {
    let mut table = String::new();
    for store in named() {
        let found = found(&store);
        let broken = found.with_losses.as_ref().expect("no store has both");
        // Who gossips sends too many messages for all sets of them to be tried.
        assert!(broken.smallest == Smallest::OfAll || broken.lost.len() > 3, "{store}");
        // What is said to be lost is lost, and nothing else.
        let is_lost = |nemesis: &Nemesis| matches!(nemesis, Nemesis::Lose(..));
        let lost = broken.trace.nemesis().iter().filter(|entry| is_lost(&entry.nemesis)).count();
        assert_eq!(lost, broken.lost.len(), "{store}");
        // Whoever sends again is not better off if the link carries nothing.
        assert!(found.with_a_cut.is_some(), "{store}");
        let promise = match broken.promise {
            Promise::Available { .. } => "answers",
            Promise::Consistent(_) => "linearizable",
        };
        let without = if found.without_loss.is_some() { ", also without any" } else { "" };
        let wrong = of_wrong(&found.wrong);
        writeln!(table, "{promise:<13}{} lost  {store}{without}{wrong}", broken.lost.len())
            .expect("a text takes all");
    }
    expect![[r#"
        answers      1 lost  leader:sync=none,reads=leader,failover=off; not wrong however many are lost
        linearizable 1 lost  leader:sync=none,reads=anywhere,failover=off, also without any
        answers      1 lost  leader:sync=one,reads=leader,failover=off; not wrong with up to 3 lost
        linearizable 1 lost  leader:sync=one,reads=anywhere,failover=off
        answers      1 lost  leader:sync=all,reads=leader,failover=off; not wrong with up to 3 lost
        answers      1 lost  leader:sync=all,reads=anywhere,failover=off; wrong with 2 lost, readers: 2
        answers      1 lost  leader:sync=none,reads=leader,failover=majority; not wrong however many are lost
        answers      1 lost  leader:sync=one,reads=leader,failover=majority; not wrong with up to 3 lost
        linearizable 1 lost  quorum:n=3,r=1,w=1,repair=off,sloppy=off, also without any
        linearizable 1 lost  quorum:n=3,r=1,w=1,repair=after,sloppy=off, also without any
        answers      1 lost  quorum:n=3,r=1,w=3,repair=off,sloppy=off; wrong with 1 lost, readers: 2
        answers      2 lost  quorum:n=3,r=2,w=2,repair=off,sloppy=off; wrong with 2 lost, readers: 2
        answers      2 lost  quorum:n=3,r=2,w=2,repair=before,sloppy=off; not wrong with up to 2 lost
        answers      2 lost  quorum:n=3,r=2,w=2,repair=before,sloppy=off,skew=200ms; not wrong with up to 2 lost
        answers      1 lost  quorum:n=3,r=3,w=1,repair=off,sloppy=off; not wrong with up to 2 lost
        linearizable 1 lost  quorum:n=2,r=1,w=1,repair=off,sloppy=off, also without any
        linearizable 1 lost  quorum:n=2,r=1,w=1,repair=off,sloppy=on, also without any
        answers      1 lost  quorum:n=2,r=2,w=2,repair=off,sloppy=off; not wrong however many are lost
        answers      2 lost  quorum:n=2,r=2,w=2,repair=off,sloppy=on; not wrong with up to 2 lost
        answers      2 lost  quorum:n=2,r=2,w=2,repair=off,sloppy=on,sites=5; wrong with 2 lost, readers: 1
        answers      1 lost  consensus:reads=log; not wrong with up to 1 lost
        answers      1 lost  consensus:reads=lease; not wrong with up to 3 lost
        answers      1 lost  consensus:reads=anywhere, also without any
        linearizable 1 lost  multi-leader:conflicts=lww,skew=0ms, also without any
        linearizable 1 lost  multi-leader:conflicts=lww,skew=200ms, also without any
        linearizable 1 lost  multi-leader:conflicts=siblings,skew=200ms, also without any
        answers      1 lost  chain:reads=tail,failover=off; not wrong with up to 4 lost
        answers      1 lost  chain:reads=any,failover=off; wrong with 2 lost, readers: 2
        answers      1 lost  chain:reads=craq,failover=off; not wrong with up to 8 lost
        answers      1 lost  chain:reads=tail,failover=majority; not wrong with up to 4 lost
        answers      1 lost  chain:reads=craq,failover=majority; not wrong with up to 8 lost
        linearizable 27 lost  crdt:gossip=20ms, also without any
        linearizable 1 lost  crdt:gossip=200ms, also without any
    "#]]
    .assert_eq(&table);
}

#[test]
fn with_no_message_lost_a_consistent_store_keeps_both_promises() {
    for store in named() {
        if measured(&store.to_string()).cell.otherwise == Otherwise::Consistency {
            let found = found(&store);
            assert!(found.without_loss.is_none(), "{}", found.told());
        }
    }
}

#[test]
fn what_is_lost_and_what_comes_of_it_is_told_in_a_sentence() {
    expect!["if 1 message from pacific to each of atlantic and indian is lost, the write at pacific is not answered, though pacific runs"].assert_eq(&found_of("quorum:r=2,w=2").told());
    expect!["if 1 message from pacific to atlantic is lost, a read at atlantic does not show, 300.0 ms after its acknowledgement, the write at pacific"].assert_eq(&found_of("quorum:r=1,w=1").told());
    expect!["if 1 message from atlantic to pacific is lost, the read at atlantic is not answered, though atlantic runs"].assert_eq(&found_of("leader:sync=none,reads=leader").told());
    let found = found_of("consensus:reads=log");
    let cut = found.with_a_cut.as_ref().expect("no store has both");
    expect!["if no message from pacific or indian arrives at atlantic, the read at atlantic is not answered, though atlantic runs"].assert_eq(&cut.told());
    let found = found_of("quorum:r=1,w=1");
    let cut = found.with_a_cut.as_ref().expect("no store has both");
    expect!["if no message from pacific or indian arrives at atlantic, a read at atlantic does not show, 300.0 ms after its acknowledgement, the write at pacific"].assert_eq(&cut.told());
    let without_loss = found.without_loss.as_ref().expect("it is wrong right after a write");
    expect!["with no message lost, a read at atlantic does not show, right after its acknowledgement, the write at pacific"].assert_eq(&without_loss.told());
    // Nobody is refused by a leader that knows it is one; a site without a leader says so.
    expect!["if 1 message from atlantic to pacific is lost, the read at atlantic is not answered, though atlantic runs"].assert_eq(&found_of("leader:sync=one,failover=majority").told());
}

/// What is said of wrong answers, and what clients saw if there is one.
fn wrong(store: &str) -> String {
    let found = found_of(store);
    let mut text = found.wrong.told().unwrap_or_default();
    if let Wrong::Found(broken) = &found.wrong {
        // It is what it is said to be: judged by itself, and lost as counted.
        assert!(matches!(broken.promise, Promise::Consistent(_)), "{store}");
        let losses = broken.trace.nemesis().iter();
        let losses = losses.filter(|entry| matches!(entry.nemesis, Nemesis::Lose(..))).count();
        assert_eq!(losses, broken.lost.len(), "{store}");
        for asked in &broken.record.asked {
            write!(text, "\n  {}", operation(asked)).expect("a text takes all");
        }
    }
    text
}

#[test]
fn a_reader_that_writes_nothing_back_lets_a_later_one_see_less() {
    expect![[r#"
        If 1 message from atlantic to each of pacific and indian is lost, a read at pacific shows the write at atlantic, and a later read at indian does not. Whether a write is done that has no answer nobody knows; but once a reader was shown it, it is, and whoever reads later must be shown it, too.
          1000.0 ms  atlantic's client 0 writes x = 1, silent until 2000.0 ms: no answer within 1 s
          2300.0 ms  pacific's client 1 reads x, shown 1 at 2320.1 ms
          2320.1 ms  indian's client 2 reads x, shown nothing at 2340.2 ms"#]].assert_eq(&wrong("quorum:r=2,w=2,repair=off"));
    expect!["No wrong answer was found, with one write and one reader or two, whichever 2 messages or fewer that have to do with them are lost."].assert_eq(&wrong("quorum:r=2,w=2,repair=before"));
}

#[test]
fn followers_that_are_read_show_what_others_do_not_have_yet() {
    expect![[r#"
        If 1 message from pacific to atlantic, and 1 message from atlantic to pacific are lost, a read at atlantic shows the write at pacific, and a later read at pacific does not. Whether a write is done that has no answer nobody knows; but once a reader was shown it, it is, and whoever reads later must be shown it, too.
          1000.0 ms  pacific's client 0 writes x = 1, silent until 2000.0 ms: no answer within 1 s
          2300.0 ms  atlantic's client 1 reads x, shown 1 at 2300.1 ms
          2300.1 ms  pacific's client 2 reads x, shown nothing at 2300.2 ms"#]].assert_eq(&wrong("leader:sync=all,reads=anywhere"));
    expect!["No wrong answer was found, with one write and one reader or two, whichever 3 messages or fewer that have to do with them are lost."].assert_eq(&wrong("leader:sync=all,reads=leader"));
    // The tail alone is read: no other reader was shown more.
    expect![[r#"
        If 2 messages from pacific to atlantic are lost, a read at pacific shows the write at pacific, and a later read at atlantic does not. Whether a write is done that has no answer nobody knows; but once a reader was shown it, it is, and whoever reads later must be shown it, too.
          1000.0 ms  pacific's client 0 writes x = 1, silent until 2000.0 ms: no answer within 1 s
          2300.0 ms  pacific's client 1 reads x, shown 1 at 2300.1 ms
          2300.1 ms  atlantic's client 2 reads x, shown nothing at 2300.2 ms"#]].assert_eq(&wrong("chain:reads=any"));
    expect!["No wrong answer was found, with one write and one reader or two, whichever 4 messages or fewer that have to do with them are lost."].assert_eq(&wrong("chain:reads=tail"));
}

#[test]
fn where_another_run_is_wrong_no_more_is_looked_for() {
    assert_eq!(wrong("quorum:r=1,w=1"), "");
    assert_eq!(wrong("consensus:reads=anywhere"), "");
    // One reader is enough where those who stand in for silent replicas have not heard of the write.
    expect![[r#"
        If 1 message from indian to each of pacific and atlantic is lost, a read at indian does not show, 300.0 ms after its acknowledgement, the write at pacific.
          1000.0 ms  pacific's client 0 writes x = 1, done at 1020.1 ms
          1320.1 ms  indian's client 1 reads x, shown nothing at 1590.2 ms"#]].assert_eq(&wrong("quorum:n=2,r=2,w=2,sloppy=on,sites=5"));
}

#[test]
fn a_search_that_is_cut_short_loses_all_that_crosses_a_cut_and_delivers_what_it_can() {
    for (store, fewest) in [("quorum:r=2,w=2", 2), ("consensus:reads=log", 1), ("leader:sync=all", 1)] {
        let store: Store = store.parse().expect("it is in the table");
        let found = cap_within(&store, 0, 0).expect("it runs");
        let broken = found.with_losses.expect("no store has both");
        assert_eq!(broken.smallest, Smallest::OfItsKind, "{store}");
        assert_eq!(broken.lost.len(), fewest, "{store}: {}", broken.told());
    }
}

#[test]
fn the_same_store_is_broken_alike_every_time() {
    let told = || {
        let store = "consensus:reads=anywhere".parse().expect("it is in the table");
        let found = cap(&store).expect("it runs");
        let broken = found.with_losses.expect("no store has both");
        (found.runs, broken.told(), broken.lost, constellation_trace::format::jsonl::to_string(&broken.trace))
    };
    assert_eq!(told(), told());
}
