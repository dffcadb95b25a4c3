//! A stream of causal consistency finds what the whole history shows, and holds only what somebody may still read.

use constellation_trace::{Act, Limit, Outcome, Sessions};
use constellation_verify::Budget;
use constellation_verify::models::{CausalStream, CausalStreamError, Finding, Patience};
use expect_test::expect;
use proptest::prelude::*;

use super::objects::patience;
use super::{judge, sessions, small};

/// Tells a stream all that committed, sessions mixed as `luck` says; what is found in the end, and how many operations had
/// been told when it was.
fn streamed(sessions: &Sessions, luck: &[u8]) -> (Finding, usize) {
    let mut lines = sessions.lines();
    lines.iter_mut().for_each(|line| line.reverse());
    let mut stream = CausalStream::new(u32::try_from(lines.len()).expect("few"));
    let mut patience = patience();
    let mut luck = luck.iter().cycle();
    let mut told = 0;
    while lines.iter().any(|line| !line.is_empty()) {
        let drawn = usize::from(*luck.next().expect("it is a circle")) % lines.len();
        let open =
            (0..lines.len()).map(|nth| (drawn + nth) % lines.len()).find(|nth| !lines[*nth].is_empty());
        let who = open.expect("one is left");
        let id = lines[who].pop().expect("it is not empty");
        if sessions.transaction(id).outcome != Outcome::Committed {
            continue;
        }
        let session = u32::try_from(who).expect("few");
        for access in sessions.accesses(id) {
            let key = sessions.keys().text(access.key.number()).expect("named");
            let value = sessions.show_value(access.value);
            let found = match access.act {
                Act::Write => stream.write(session, key, &value, &mut patience),
                _ => stream.read(session, key, Some(&*value).filter(|value| *value != "nil"), &mut patience),
            };
            told += usize::from(found.expect("there is such a session").word() == "holds");
        }
    }
    (stream.finish(), told)
}

#[test]
fn a_stream_says_at_once_what_was_overwritten() {
    let mut stream = CausalStream::new(3);
    let mut patience = patience();
    let word = |found: Result<&Finding, CausalStreamError>| found.expect("there is such a session").word();
    assert_eq!(word(stream.write(0, "x", "1", &mut patience)), "holds");
    assert_eq!(word(stream.write(0, "x", "2", &mut patience)), "holds");
    assert_eq!(word(stream.read(1, "x", Some("2"), &mut patience)), "holds");
    assert_eq!(word(stream.write(1, "y", "1", &mut patience)), "holds");
    assert_eq!(word(stream.read(2, "y", Some("1"), &mut patience)), "holds");
    let Ok(Finding::Violated(anomaly)) = stream.read(2, "x", Some("1"), &mut patience) else {
        panic!("its cause overwrote it")
    };
    expect!["t5 of session 2 reads x = 1, which t1 of session 0 in its past had overwritten"]
        .assert_eq(&anomaly.found);
    expect!["[t0, t1, t5]"].assert_eq(
        &format!("{:?}", anomaly.transactions.iter().map(ToString::to_string).collect::<Vec<_>>())
            .replace('"', ""),
    );
    assert_eq!(word(stream.write(2, "x", "3", &mut patience)), "violated", "it stays");
}

#[test]
fn a_circle_of_causes_is_told_with_the_operation_that_closes_it() {
    let mut stream = CausalStream::new(2);
    let mut patience = patience();
    let word = |found: Result<&Finding, CausalStreamError>| found.expect("there is such a session").word();
    assert_eq!(word(stream.read(0, "x", Some("1"), &mut patience)), "holds");
    assert_eq!(word(stream.write(0, "y", "1", &mut patience)), "holds");
    assert_eq!(word(stream.read(1, "y", Some("1"), &mut patience)), "holds");
    let Ok(Finding::Violated(anomaly)) = stream.write(1, "x", "1", &mut patience) else { panic!("a circle") };
    expect!["each of these shows what was written only after the next, and the last only after the first: t2 of session 1 reads y = 1; t0 of session 0 reads x = 1"].assert_eq(&anomaly.found);
}

#[test]
fn what_a_stream_cannot_tell_or_take_is_said() {
    let mut patience = patience();
    let mut stream = CausalStream::new(2);
    assert_eq!(stream.write(2, "x", "1", &mut patience), Err(CausalStreamError::NoSession(2)));
    assert_eq!(stream.close(1), Ok(()));
    let closed = stream.read(1, "x", None, &mut patience).expect_err("it was closed");
    expect!["session 1 was closed, and does nothing more"].assert_eq(&closed.to_string());
    stream.read(0, "x", Some("7"), &mut patience).expect("it is open");
    let Finding::Violated(anomaly) = stream.finish() else { panic!("nobody wrote it") };
    expect!["t0 of session 0 reads x = 7, which nobody wrote, or all had seen overwritten"]
        .assert_eq(&anomaly.found);
    let mut stream = CausalStream::new(1);
    stream.write(0, "x", "1", &mut patience).expect("it is open");
    let found = stream.write(0, "x", "1", &mut patience).expect("it is open");
    let Finding::Unknown(limit) = found else { panic!("{found:?}") };
    expect!["which of two writes is read where t1 of session 0 writes x = 1 is shown is not recorded"]
        .assert_eq(&limit.to_string());
    let mut small = Patience::new(Budget { bytes_max: 500, ..Budget::default() });
    let mut stream = CausalStream::new(2);
    let found = (0..10).find_map(|nth| {
        let found = stream.read(0, "x", Some(&format!("{nth}")), &mut small).expect("it is open");
        (*found != Finding::Holds).then(|| found.clone())
    });
    let Some(Finding::Unknown(Limit::Memory { allowed: 500, .. })) = found else { panic!("{found:?}") };
}

#[test]
fn a_stream_forgets_what_all_know_to_be_overwritten() {
    let mut stream = CausalStream::new(3);
    let mut patience = patience();
    let mut held_max = 0;
    for nth in 0..2_000_u32 {
        let (value, writer) = (nth.to_string(), nth % 3);
        stream.write(writer, "x", &value, &mut patience).expect("it is open");
        for reader in (0..3).filter(|reader| *reader != writer) {
            let found = stream.read(reader, "x", Some(&value), &mut patience).expect("it is open");
            assert_eq!(found.word(), "holds");
        }
        held_max = held_max.max(stream.held());
    }
    assert!(held_max <= 16, "{held_max} were held");
    // One that does nothing holds up all, until it is closed.
    let mut stream = CausalStream::new(2);
    for nth in 0..100 {
        stream.write(0, "x", &nth.to_string(), &mut patience).expect("it is open");
    }
    assert_eq!(stream.held(), 100);
    stream.close(1).expect("it is there");
    for nth in 100..200 {
        stream.write(0, "x", &nth.to_string(), &mut patience).expect("it is open");
    }
    assert!(stream.held() <= 16, "{} are held", stream.held());
    assert_eq!(stream.read(0, "x", Some("0"), &mut patience).map(Finding::word), Ok("holds"), "it may come");
    assert_eq!(stream.finish().word(), "violated");
}

#[test]
fn a_stream_agrees_on_every_small_history() {
    let mut counts = [0; 2];
    for lengths in [&[4][..], &[2, 2], &[2, 1, 1], &[3, 2]] {
        small::every(lengths, |sessions| {
            let word = judge("causal", sessions).word();
            counts[usize::from(word == "holds")] += 1;
            for luck in [&[0][..], &[2, 1, 0], &[0, 1, 2]] {
                assert_eq!(streamed(sessions, luck).0.word(), word, "{luck:?} of\n{sessions}");
            }
        });
    }
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
}

#[test]
fn a_stale_read_that_a_store_planted_is_found_where_it_is() {
    // Two replicas that tell each other every write; then one shows what it had shown long before.
    let mut sketch = String::from("a");
    (1..60).for_each(|nth| sketch += &format!(" w(x,{nth})"));
    sketch += "\nb";
    (1..60).for_each(|nth| sketch += &format!(" r(x,{nth})"));
    assert_eq!(streamed(&sessions(&sketch), &[0, 1]).0.word(), "holds");
    let planted = sessions(&(sketch + " r(x,58)"));
    let (finding, told) = streamed(&planted, &[0, 1]);
    assert_eq!((finding.word(), told), ("violated", 118));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_agrees_on_what_replicas_could_have_shown(
        steps in small::steps(60), luck in proptest::collection::vec(any::<u8>(), 1..20)
    ) {
        let all = small::replicas(&steps, 1);
        // What nobody knows to have been done is for the judge of the whole.
        let known: Vec<_> = all.ids().filter(|id| all.transaction(*id).outcome == Outcome::Committed).collect();
        let sessions = all.sub(&known);
        let word = judge("causal", &sessions).word();
        prop_assert_eq!(streamed(&sessions, &luck).0.word(), word, "{}", sessions);
    }
}
