//! What models say of one another, and the histories by which they are told apart.

use constellation_trace::{Limit, Sessions, Timing, Transaction};
use constellation_verify::models::{
    self, Border, Finding, Judged, Known, Recorded, SEPARATIONS, Separation, conclude, conclude_from,
    implies, strongest_first,
};
use expect_test::expect;
use proptest::prelude::*;

use super::transactions::{careless, work};
use super::{judge, sessions, small};

#[test]
fn each_separation_is_allowed_and_forbidden_as_it_says() {
    let mut count = 0;
    for separation in &SEPARATIONS {
        let both = (models::find(separation.allowed), models::find(separation.forbidden));
        // A model that is not there yet is told by the table below.
        let (Ok(allows), Ok(forbids)) = both else { continue };
        count += 1;
        let found = [allows, forbids].map(|model| separation.judge(model).expect("it is a sketch"));
        assert_eq!(found[0].word(), "holds", "{} under {}", separation.name, separation.allowed);
        assert_eq!(found[1].word(), "violated", "{} under {}", separation.name, separation.forbidden);
        let chosen = Separation::between(allows, forbids).expect("this one is");
        assert_eq!((chosen.allowed, chosen.forbidden), (separation.allowed, separation.forbidden));
    }
    assert!(count >= 19, "only {count} separations are of known models");
}

#[test]
fn no_judge_contradicts_the_order_of_models() {
    for separation in &SEPARATIONS {
        let judged: Vec<Judged> = models::all()
            .iter()
            .map(|model| Judged::new(model.about(), separation.judge(*model).expect("it is a sketch")))
            .collect();
        for stronger in judged.iter().filter(|one| one.known() == Known::Holds) {
            for weaker in judged.iter().filter(|one| one.known() == Known::Fails) {
                // Models of single operations and of transactions are asked of two histories where they differ.
                let is_one = separation.apart.is_empty() || stronger.about.judges == weaker.about.judges;
                let (name, above, below) = (separation.name, stronger.about.name, weaker.about.name);
                assert!(
                    !is_one || !implies(stronger.about, weaker.about),
                    "{name}: {above} holds and {below} does not"
                );
            }
        }
    }
}

#[test]
fn stronger_models_stand_before_weaker_ones() {
    let mut reversed: Vec<_> = models::all().to_vec();
    reversed.reverse();
    for models in [models::all().to_vec(), reversed] {
        let ranked = strongest_first(&models);
        assert_eq!(ranked.len(), models.len());
        for (place, weaker) in ranked.iter().enumerate() {
            for stronger in &ranked[place + 1..] {
                let (below, above) = (weaker.about(), stronger.about());
                assert!(!implies(above, below), "{} stands behind {}", above.name, below.name);
            }
        }
    }
    let causal = models::find("causal").expect("it is there");
    assert_eq!(strongest_first(&[causal, causal]).len(), 1, "each once");
}

#[test]
fn what_one_judge_cannot_tell_others_decide() {
    let judged = |name: &str, finding| Judged::new(models::find(name).expect("it is there").about(), finding);
    let limit = || Finding::Unknown(Limit::Unfit("tired".to_owned()));
    let wrong = || Finding::Violated(models::Anomaly::plain("wrong", []));
    let told = |mut all: Vec<Judged>| {
        conclude(&mut all);
        let names =
            |abouts: Vec<&models::About>| abouts.iter().map(|about| about.name).collect::<Vec<_>>().join(" ");
        let border = Border::of(&all);
        let rows = all.iter().map(|one| {
            let by = one.decided_by.map_or(String::new(), |by| format!(" by {}", by.name));
            format!("{} {:?}{by}\n", one.about.name, one.known())
        });
        let rows: String = rows.collect();
        format!("{rows}strongest {}\nweakest {}\n", names(border.strongest), names(border.weakest))
    };
    let cases = [
        vec![judged("causal-memory", Finding::Holds), judged("causal", limit()), judged("pram", limit())],
        vec![
            judged("causal-memory", limit()),
            judged("causal-convergence", limit()),
            judged("causal", wrong()),
        ],
        vec![
            judged("causal-memory", wrong()),
            judged("causal-convergence", limit()),
            judged("causal", Finding::Holds),
            judged("pram", Finding::Holds),
        ],
    ];
    expect![[r#"
        causal-memory Holds
        causal Holds by causal-memory
        pram Holds by causal-memory
        strongest causal-memory
        weakest 

        causal-memory Fails by causal
        causal-convergence Fails by causal
        causal Fails
        strongest 
        weakest causal

        causal-memory Fails
        causal-convergence Nothing
        causal Holds
        pram Holds
        strongest causal pram
        weakest causal-memory
    "#]]
    .assert_eq(&cases.map(told).join("\n"));
}

/// The models that are the same of single operations.
const SAME: [[&str; 2]; 2] =
    [["linearizable", "strict-serializable"], ["sequential", "session-serializable"]];

/// What is concluded of a history if the judge of the second model could not tell.
fn concluded(sessions: &Sessions, [known, open]: [&str; 2]) -> Known {
    let row = |name, finding| Judged::new(models::find(name).expect("it is there").about(), finding);
    let tired = Finding::Unknown(Limit::Unfit("tired".to_owned()));
    let mut rows = [row(known, judge(known, sessions)), row(open, tired)];
    conclude_from(&mut rows, &Recorded::from(sessions));
    rows[1].known()
}

/// Whether what is concluded is what is found; which is what both say.
fn concludes_rightly(sessions: &Sessions, pair: [&str; 2]) -> bool {
    let words = pair.map(|model| judge(model, sessions));
    assert_eq!(words[0].word(), words[1].word(), "{pair:?} of\n{sessions}");
    let expected = if words[0] == Finding::Holds { Known::Holds } else { Known::Fails };
    for pair in [pair, [pair[1], pair[0]]] {
        assert_eq!(concluded(sessions, pair), expected, "{pair:?} of\n{sessions}");
    }
    expected == Known::Holds
}

/// The same with times: of each session the nth operation at about the nth time, more or less alike for all.
fn timed(untimed: &Sessions, shift: u64, length: u64) -> Sessions {
    let mut sessions = Sessions::new(Timing::Recorded);
    let mut over = [0; 4];
    for id in untimed.ids() {
        let transaction = untimed.transaction(id);
        let name = untimed.sessions().text(transaction.session).expect("it has a name");
        let session = sessions.session(name).expect("few");
        let invoked: u64 = over[session as usize] + 1 + shift * u64::from(session);
        over[session as usize] = invoked + length;
        let accesses: Vec<_> = untimed
            .accesses(id)
            .iter()
            .map(|access| constellation_trace::Access {
                key: sessions.key(untimed.keys().text(access.key.number()).expect("named")).expect("few"),
                ..*access
            })
            .collect();
        let returned = invoked + length;
        sessions
            .push(Transaction { session, invoked, returned, ..transaction }, &accesses)
            .expect("in order");
    }
    sessions
}

#[test]
fn single_operations_are_strict_where_linearizable_and_serializable_where_sequential() {
    let mut counts = [[0_u32; 2]; 2];
    for lengths in [&[4][..], &[2, 2], &[3, 1], &[2, 1, 1]] {
        small::every(lengths, |sessions| {
            counts[1][usize::from(concludes_rightly(sessions, SAME[1]))] += 1;
            for (shift, length) in [(0, 2), (2, 3), (5, 1)] {
                let sessions = timed(sessions, shift, length);
                counts[0][usize::from(concludes_rightly(&sessions, SAME[0]))] += 1;
            }
        });
    }
    assert!(counts.iter().flatten().all(|count| *count > 500), "{counts:?} shows too little of one kind");
}

#[test]
fn of_transactions_and_of_what_failed_nothing_more_is_concluded() {
    let skew = sessions("a {r(x,nil) w(y,1)}@0..1\nb {r(y,nil) w(x,1)}@0..1");
    assert_eq!(concluded(&skew, ["linearizable", "strict-serializable"]), Known::Nothing);
    let failed = sessions("a {r(x,nil) w(x,1)}!@0..1");
    assert_eq!(concluded(&failed, ["linearizable", "strict-serializable"]), Known::Holds);
    let row = |name, finding| Judged::new(models::find(name).expect("it is there").about(), finding);
    let tired = Finding::Unknown(Limit::Unfit("tired".to_owned()));
    let mut rows = [row("strict-serializable", Finding::Holds), row("linearizable", tired)];
    let recorded = Recorded::from(&failed).with_failed_set(models::FailedSet::AssertsMismatch);
    conclude_from(&mut rows, &recorded);
    assert_eq!(rows[1].known(), Known::Nothing, "the set failed though its value was there");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn so_they_are_where_some_failed_or_nobody_knows_their_end(work in work(8, 1)) {
        let sessions = careless(&work, Timing::Recorded);
        for pair in SAME {
            concludes_rightly(&sessions, pair);
        }
    }
}
