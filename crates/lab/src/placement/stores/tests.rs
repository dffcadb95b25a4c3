//! Stores that are wrong in one thing are placed otherwise, or lose what they acknowledged: the measurement sees it.

use std::fmt::{Debug, Write};
use std::sync::Arc;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_sim::Wall;
use expect_test::{Expect, expect};

use super::{chain, crdt, multi_leader};
use crate::placement::client::{Answer, Ask, What};
use crate::placement::protocol::Round;
use crate::placement::simulated::{self, Luck, Sites, Wire, answer};
use crate::placement::{Placement, Store, placed, told};

mod given_away;

const SEED: u64 = 7;

/// A site that is right in all but what it hears: `how` may change that, or keep it from the site.
struct Wrong<N, F> {
    right: N,
    how: F,
}

impl<M: Clone, N, F> Node for Wrong<N, F>
where
    N: Node<Message = Wire<M>, Request = ()>,
    F: FnMut(Input<Wire<M>, ()>, &mut Effects<Wire<M>>) -> Option<Input<Wire<M>, ()>>,
{
    type Message = Wire<M>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<M>, ()>, effects: &mut Effects<Wire<M>>) {
        if let Some(input) = (self.how)(input, effects) {
            self.right.on(now, input, effects);
        }
    }
}

fn measured<M: Clone + Debug, S: Node<Message = Wire<M>, Request = ()>>(
    walls: &[Wall],
    make: impl Fn(Sites) -> S,
) -> Placement {
    let rounds = Round::all(super::SITES);
    let records = rounds
        .iter()
        .map(|round| simulated::run(round, Luck::Seed(SEED), walls, &make).expect("it runs").record);
    placed("planted".to_owned(), SEED, records.collect())
}

/// Cell, lost writes, strongest models and sentences of the store as it is, and with what was planted.
fn check(right: &str, wrong: &Placement, expected: Expect) {
    let right: Store = right.parse().expect("it is in the table");
    let right = crate::placement::place(&right, SEED).expect("it runs");
    let mut text = String::new();
    for placement in [&right, wrong] {
        let (normal, cut) = placement.strongest();
        let lost = &placement.lost;
        writeln!(
            text,
            "{} {}\nlost {}, at some sites {}, of {}\nstrongest: {}; else {}\n{}\n{}",
            placement.cell,
            placement.store,
            lost.count,
            lost.partly,
            lost.of,
            told::models(&cut),
            told::models(&normal),
            told::partition(placement),
            told::otherwise(placement),
        )
        .expect("a text takes all");
    }
    expected.assert_eq(&text);
}

#[test]
fn several_leaders_that_drop_an_update_part_for_ever() {
    let set = multi_leader::MultiLeader {
        conflicts: multi_leader::Conflicts::LastWriteWins,
        skew: std::time::Duration::ZERO,
    };
    let wrong = measured(&[], |sites| {
        let mut heard = 0;
        Wrong {
            right: multi_leader::Replica::new(set, sites),
            how: move |input, effects: &mut Effects<_>| {
                if let Input::Message {
                    from,
                    message: Wire::Peer(multi_leader::Message::Hold { number, .. }),
                } = &input
                {
                    heard += 1;
                    // Every fiftieth is not taken, though it says so.
                    if heard % 50 == 0 {
                        effects.send(*from, Wire::Peer(multi_leader::Message::Taken { number: *number }));
                        return None;
                    }
                }
                Some(input)
            },
        }
    });
    check(
        "multi-leader:conflicts=lww",
        &wrong,
        expect![[r#"
            PA/EL multi-leader:conflicts=lww,skew=0ms
            lost 0, at some sites 0, of 6696
            strongest: read-your-writes and monotonic-reads and monotonic-writes and writes-follow-reads and eventual-convergence; else sequential
            Whichever site is cut off, every site goes on answering reads and writes; 1602 of 5412 reads showed what had been replaced, up to 4293.2 ms before, and none of 6696 acknowledged writes was lost, and 392 of 1296 that a client had built on what it read were overwritten by one that had not seen them, and causal-convergence held without a cut and does not hold with one, nor do causal and pram.
            A read takes 0.00 round trips, and a write 0.00 round trips; 2357 of 3511 reads showed what had been replaced, up to 59.4 ms before.
            PA/EL planted
            lost 0, at some sites 95, of 6696
            strongest: read-your-writes and monotonic-reads and monotonic-writes and writes-follow-reads; else read-your-writes and monotonic-reads and monotonic-writes and writes-follow-reads
            Whichever site is cut off, every site goes on answering reads and writes; 1625 of 5412 reads showed what had been replaced, up to 4293.2 ms before, and none of 6696 acknowledged writes was lost, though 95 were not shown at every site 3000.0 ms after the heal, and 396 of 1296 that a client had built on what it read were overwritten by one that had not seen them.
            A read takes 0.00 round trips, and a write 0.00 round trips; 2359 of 3511 reads showed what had been replaced, up to 2306.5 ms before.
        "#]],
    );
}

#[test]
fn a_chain_that_answers_before_the_tail_has_it_shows_less_than_it_acknowledged() {
    let set = chain::Chain { reads: chain::ChainReads::Tail, failover: chain::Master::Off };
    let wrong = measured(&[], |sites| Wrong {
        right: chain::Replica::new(set, sites),
        how: |input: Input<_, ()>, effects: &mut Effects<_>| {
            if let Input::Message { from, message: Wire::Ask { number, ask: Ask { what, .. } } } = &input
                && matches!(what, What::Write(_))
            {
                answer((*from, *number), Answer::DONE, effects);
            }
            Some(input)
        },
    });
    check(
        "chain:reads=tail",
        &wrong,
        expect![[r#"
            PC/EC chain:reads=tail,failover=off
            lost 0, at some sites 0, of 2764
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
            Where pacific or atlantic is cut off, it answers neither reads nor writes, and the others answer no writes; where indian is cut off, the others answer neither reads nor writes, and it answers no writes; what is answered is linearizable, and none of 2764 acknowledged writes was lost.
            A read takes 0.00 round trips at indian, 1.00 at pacific and atlantic, and a write 1.50 round trips at pacific and indian, 2.00 at atlantic; every read shows the latest write, with one slow site, too.
            P–/EL planted
            lost 324, at some sites 0, of 5829
            strongest: monotonic-reads and monotonic-writes and writes-follow-reads; else monotonic-reads and monotonic-writes and writes-follow-reads
            Where pacific or atlantic is cut off, it answers no reads; where indian is cut off, the others answer no reads; 2612 of 4100 reads showed what had been replaced, up to 5253.2 ms before, and 324 of 5829 acknowledged writes were lost, and 92 of 414 that a client had built on what it read were overwritten by one that had not seen them.
            A read takes 0.00 round trips at indian, 1.00 at pacific and atlantic, and a write 0.00 round trips; 3918 of 4901 reads showed what had been replaced, up to 176.9 ms before.
        "#]],
    );
}

#[test]
fn states_that_forget_when_they_are_merged_lose_writes() {
    let set = crdt::Crdt { gossip: std::time::Duration::from_millis(20) };
    let wrong = measured(&[], |sites| {
        let mut heard = 0;
        Wrong {
            right: crdt::Replica::new(set, sites),
            how: move |mut input, _: &mut _| {
                if let Input::Message { message: Wire::Peer(crdt::Message::State { part, .. }), .. } =
                    &mut input
                {
                    heard += 1;
                    if heard % 50 == 0 {
                        part.values_mut().for_each(|held| Arc::make_mut(held).forget());
                    }
                }
                Some(input)
            },
        }
    });
    check(
        "crdt:gossip=20ms",
        &wrong,
        expect![[r#"
            PA/EL crdt:gossip=20ms
            lost 0, at some sites 0, of 6696
            strongest: causal-convergence and eventual-convergence; else sequential
            Whichever site is cut off, every site goes on answering reads and writes; 2178 of 5412 reads showed what had been replaced, up to 3973.2 ms before, and none of 6696 acknowledged writes was lost, and pram held without a cut and does not hold with one.
            A read takes 0.00 round trips, and a write 0.00 round trips; 3978 of 5060 reads showed what had been replaced, up to 79.3 ms before.
            PA/EL planted
            lost 2919, at some sites 0, of 6696
            strongest: monotonic-writes and writes-follow-reads; else monotonic-writes and writes-follow-reads
            Whichever site is cut off, every site goes on answering reads and writes; 2936 of 5412 reads showed what had been replaced, up to 5253.2 ms before, and 2919 of 6696 acknowledged writes were lost.
            A read takes 0.00 round trips, and a write 0.00 round trips; 3990 of 5062 reads showed what had been replaced, up to 2846.5 ms before.
        "#]],
    );
}
