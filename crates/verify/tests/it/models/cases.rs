//! Histories of which nothing follows before something is chosen: what the search behind the strong models is for.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Access, Act, Key, Outcome, Sessions, Timing, Transaction, TransactionId, Value};
use constellation_verify::Budget;
use constellation_verify::models::{self, Finding, Patience, Placed, Recorded};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::transactions::{Work, stores_agree};
use super::{axioms, check, judge, sessions, told};

/// Neither of two writers of `k` can be first: each way two writers of another key would each be before the other. Nothing
/// of that follows without a choice.
const CASES: [&str; 12] = [
    "{w(k,1) w(w,1)}",
    "{w(k,2) w(s,2)}",
    "{w(m,1) w(p,1)}",
    "{w(m,2) w(q,2)}",
    "{w(n,1) w(u,1)}",
    "{w(n,2) w(v,2)}",
    "{r(k,1) r(p,1) r(q,2)}",
    "{r(k,2) r(u,1) r(v,2)}",
    "{r(m,1) r(s,2)}",
    "{r(m,2) r(s,2)}",
    "{r(n,1) r(w,1)}",
    "{r(n,2) r(w,1)}",
];

#[test]
fn what_no_cycle_shows_is_found_by_cases() {
    let numbered = |nth: usize, line: &str| format!("t{nth} {line}\n");
    let lines = |keep: &dyn Fn(usize) -> bool| -> String {
        let kept = CASES.iter().enumerate().filter(|(nth, _)| keep(*nth));
        kept.map(|(nth, line)| numbered(nth, line)).collect()
    };
    for model in ["serializable", "prefix", "snapshot-isolation"] {
        check(
            model,
            &lines(&|_| true),
            expect!["violated: no order of these 12 transactions explains what they read"],
        );
        // Without any of those who only read there is an order, mostly not the one that is tried first.
        for nth in 6..12 {
            check(model, &lines(&|other| other != nth), expect!["holds"]);
        }
    }
}

/// Which transactions can be the first of an order, as many as can be: tried one by one, on a store that holds what was
/// written last.
fn longest(
    sessions: &Sessions,
    done: &mut Vec<TransactionId>,
    met: &mut BTreeSet<Vec<TransactionId>>,
) -> usize {
    let mut seen = done.clone();
    seen.sort_unstable();
    // Whoever writes a key last of those that are done tells what it holds.
    let mut state = BTreeMap::new();
    done.iter().for_each(|id| apply(sessions, *id, &mut state));
    seen.extend(state.values().map(|(_, writer)| *writer));
    if !met.insert(seen) {
        return 0;
    }
    let mut best = done.len();
    for id in sessions.ids() {
        if !done.contains(&id) && reads_right(sessions, id, &state) {
            done.push(id);
            best = best.max(longest(sessions, done, met));
            done.pop();
        }
    }
    best
}

/// What each key holds, and who wrote it.
type Store = BTreeMap<Key, (Value, TransactionId)>;

fn apply(sessions: &Sessions, id: TransactionId, state: &mut Store) {
    let writes = sessions.accesses(id).iter().filter(|access| access.act == Act::Write);
    state.extend(writes.map(|access| (access.key, (access.value, id))));
}

fn reads_right(sessions: &Sessions, id: TransactionId, state: &Store) -> bool {
    let mut reads = sessions.accesses(id).iter().filter(|access| access.act == Act::Read);
    reads.all(|access| state.get(&access.key).map_or(Value::NOTHING, |(value, _)| *value) == access.value)
}

#[test]
fn where_no_order_exists_the_longest_is_told_and_why_no_other_transaction_comes_next() {
    let lines: String = CASES.iter().enumerate().map(|(nth, line)| format!("t{nth} {line}\n")).collect();
    let all = sessions(&lines);
    let end = |model: &str| {
        let Finding::Violated(anomaly) = judge(model, &all) else { panic!("{model} explains it") };
        anomaly.dead_end
    };
    let name = |id: TransactionId| all.show(id);
    let serial = end("serializable").expect("they are few");
    let mut state = Store::new();
    for placed in &serial.order {
        let Placed::Whole(id) = placed else { panic!("{placed:?} is no moment") };
        assert!(reads_right(&all, *id, &state), "{}", all.show(*id));
        apply(&all, *id, &mut state);
    }
    for (id, blocked) in &serial.stuck {
        assert!(!reads_right(&all, *id, &state), "{}: {blocked:?}", all.show(*id));
    }
    assert_eq!(serial.order.len() + serial.stuck.len(), all.len());
    assert_eq!(serial.order.len(), longest(&all, &mut Vec::new(), &mut BTreeSet::new()));
    expect![[r#"
        at best {w(k,1) w(w,1)}, {w(k,2) w(s,2)}, {w(m,1) w(p,1)}, {w(n,1) w(u,1)}, {r(m,1) r(s,2)}, {w(m,2) w(q,2)}, {r(m,2) r(s,2)}, {r(n,1) r(w,1)}, {w(n,2) w(v,2)}, {r(k,2) r(u,1) r(v,2)}, {r(n,2) r(w,1)}
        then not {r(k,1) r(p,1) r(q,2)}, since {w(k,2) w(s,2)} has overwritten what it reads"#]].assert_eq(&serial.lines(name).join("\n"));
    expect![[r#"
        at best {w(k,1) w(w,1)}, {w(k,2) w(s,2)}, {w(m,1) w(p,1)}, {w(m,2) w(q,2)} begins, {w(n,1) w(u,1)}, {w(n,2) w(v,2)} begins, {r(m,1) r(s,2)}, {w(m,2) w(q,2)} commits, {r(m,2) r(s,2)}, {r(n,1) r(w,1)}, {w(n,2) w(v,2)} commits, {r(k,2) r(u,1) r(v,2)}, {r(n,2) r(w,1)}
        then not {r(k,1) r(p,1) r(q,2)}, since {w(k,2) w(s,2)} has overwritten what it reads"#]].assert_eq(&end("snapshot-isolation").expect("they are few").lines(name).join("\n"));
}

/// Two write `j`, and whichever is first, somebody sees what it must not: of `k` or of `l` a write that it reads an older
/// one than.
const SIGHTS: [&str; 10] = [
    "{w(k,1) w(a,1)}",
    "{w(k,2) w(b,2)}",
    "{r(k,1) r(b,2)}",
    "{r(a,1) w(j,1) w(c,1)}",
    "{r(d,1) w(j,2) w(e,2)}",
    "{w(l,1) w(d,1)}",
    "{w(l,2) w(f,2)}",
    "{r(l,1) r(f,2)}",
    "{r(e,2) r(k,2)}",
    "{r(c,1) r(l,2)}",
];

#[test]
fn what_is_in_nobodys_sight_yet_is_found_by_cases() {
    let lines = |without: usize| -> String {
        let kept = SIGHTS.iter().enumerate().filter(|(nth, _)| *nth != without);
        kept.map(|(nth, line)| format!("t{nth} {line}\n")).collect()
    };
    check(
        "parallel-snapshot",
        &lines(SIGHTS.len()),
        expect!["violated: no order of these 10 transactions explains what they read"],
    );
    // No one order of all is asked for, so that none can be longest.
    let Finding::Violated(anomaly) = judge("parallel-snapshot", &sessions(&lines(SIGHTS.len()))) else {
        panic!("it was found by cases")
    };
    assert_eq!(anomaly.dead_end, None);
    for without in [2, 7, 8, 9] {
        check("parallel-snapshot", &lines(without), expect!["holds"]);
        let forked = with_fork(&sessions(&lines(without)));
        assert_eq!(judge("parallel-snapshot", &forked).word(), "holds", "{forked}");
    }
}

/// The same as [`CASES`] with some accesses left out, in some order, each known to last for a while.
fn some_cases(places: &[u8], drops: u64) -> Sessions {
    let mut order: Vec<(u8, usize)> = places.iter().copied().zip(0..CASES.len()).collect();
    order.sort_unstable();
    let mut sketch = String::new();
    let mut nth = 0;
    let mut dropped: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for line in CASES {
        let words = line.trim_matches(['{', '}']).split(' ');
        let kept = words.filter(|word| {
            nth += 1;
            let is_dropped = drops >> (nth * 2) & 3 == 0 && drops & 1 == 1;
            let is_missing = dropped.iter().any(|written| word[1..] == written[1..]);
            if is_dropped && word.starts_with('w') {
                dropped.push((*word).to_owned());
            }
            !is_dropped && !is_missing
        });
        lines.push(kept.collect::<Vec<_>>().join(" "));
    }
    let kept = order.iter().filter(|(_, place)| !lines[*place].is_empty());
    for (at, (_, place)) in kept.enumerate() {
        let times = format!("@{}..{}", at * 2, at * 2 + 20);
        sketch += &format!("s{at} {{{}}}{times}\n", lines[*place]);
    }
    sessions(&sketch)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stores_agree_where_only_cases_decide(
        places in proptest::collection::vec(any::<u8>(), CASES.len()),
        drops in any::<u64>(),
    ) {
        stores_agree(&some_cases(&places, drops | 0xaaaa << 40));
    }

    #[test]
    fn the_axioms_of_parallel_snapshots_agree_where_writes_are_blind(work in works(6, 4)) {
        let sessions = blind(&work, 3);
        let finding = judge("parallel-snapshot", &sessions);
        let holds = axioms::parallel_snapshot(&sessions);
        prop_assert_eq!(finding.word() == "holds", holds, "{}\n{}", sessions, told(&sessions, &finding));
        // With a long fork in the same part there is no order of snapshots to be found, and nothing else changes.
        let forked = with_fork(&sessions);
        let finding = judge("parallel-snapshot", &forked);
        prop_assert_eq!(finding.word() == "holds", holds, "{}\n{}", forked, told(&forked, &finding));
    }
}

fn works(transactions: usize, accesses: usize) -> impl Strategy<Value = Work> {
    let access = (any::<bool>(), any::<u8>(), any::<u8>());
    let accesses = proptest::collection::vec(access, 1..=accesses);
    proptest::collection::vec((any::<u8>(), any::<u8>(), accesses), transactions..=transactions)
}

/// The same, and what only parallel snapshots allow, of which one write stands before all in a session of these.
fn with_fork(all: &Sessions) -> Sessions {
    let sketch = all.to_string();
    let (name, rest) = sketch.split_once(' ').expect("there is a session with a transaction");
    sessions(&format!(
        "{name} w(f,1) {rest}\nfork1 w(g,1)\nfork2 {{r(f,1) r(g,nil)}}\nfork3 {{r(f,nil) r(g,1)}}"
    ))
}

/// Most transactions are sessions of their own; each reads and writes several keys, from writers before it.
fn blind(work: &Work, keys: u8) -> Sessions {
    let mut sessions = Sessions::new(Timing::None);
    let ids: Vec<_> = (0..keys).map(|key| sessions.key(&format!("k{key}")).expect("few")).collect();
    let mut written: Vec<Vec<u64>> = vec![Vec::new(); usize::from(keys)];
    for (nth, (who, _, accesses)) in (0_u64..).zip(work) {
        let session = sessions.session(&format!("s{}", if who % 4 == 0 { 100 } else { nth })).expect("few");
        let mut done: Vec<Access> = Vec::new();
        let mut wrote = Vec::new();
        for (is_write, key, which) in accesses {
            let place = usize::from(key % keys);
            if done.iter().any(|access| access.key == ids[place]) {
                continue;
            }
            if *is_write {
                done.push(Access::write(ids[place], Value::number(nth + 1).expect("small")));
                wrote.push(place);
            } else {
                let from = &written[place];
                let Some(count) = u8::try_from(from.len()).ok().filter(|count| *count > 0) else { continue };
                done.push(Access::read(
                    ids[place],
                    Value::number(from[usize::from(which % count)]).expect("small"),
                ));
            }
        }
        wrote.iter().for_each(|place| written[*place].push(nth + 1));
        sessions.push(Transaction::untimed(session, Outcome::Committed), &done).expect("all is held");
    }
    sessions
}

#[test]
fn a_search_that_is_cut_short_says_what_cut_it() {
    let sketch: String = CASES.iter().enumerate().map(|(nth, line)| format!("t{nth} {line}\n")).collect();
    let sessions = sessions(&sketch);
    let unknown = |budget: Budget, expected: Expect| {
        let model = models::find("snapshot-isolation").expect("it is in the table");
        let finding = model.judge(&Recorded::from(&sessions), &mut Patience::new(budget));
        expected.assert_eq(&told(&sessions, &finding));
    };
    unknown(
        Budget { steps_max: 300, ..Budget::default() },
        expect!["unknown: none wrong among the 302 explored, within the bound: 300 steps"],
    );
    unknown(
        Budget { bytes_max: 1000, ..Budget::default() },
        expect!["unknown: judging needs 1600 bytes of memory, 1000 are allowed"],
    );
}
