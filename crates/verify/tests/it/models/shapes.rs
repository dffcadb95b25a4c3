//! What is famous is told only of what has its shape.

use constellation_verify::Budget;
use constellation_verify::models::{
    self, Finding, Linearizable, Model, Patience, Recorded, SEPARATIONS, Shape, taken_apart,
};
use expect_test::expect;

use super::{judge, sessions};

/// The names of those separations of `model` that a violation of it is told by, of each allowed model the first.
fn told(model: &str, sketch: &str) -> String {
    let sessions = sessions(sketch);
    let Finding::Violated(anomaly) = judge(model, &sessions) else { panic!("{model} explains {sketch}") };
    let found = models::find(model).expect("it is there");
    let mut patience = Patience::new(Budget::default());
    let part = models::minimal(found, &Recorded::from(&sessions), &anomaly, &mut patience);
    let part = part.expect("there are sessions");
    let is_told = |separation: &&models::Separation| {
        separation.forbidden == model && separation.is_of(&part.sessions, &part.anomaly)
    };
    let names = SEPARATIONS.iter().filter(is_told);
    names
        .map(|separation| format!("{} ({})", separation.name, separation.allowed))
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn each_separation_is_told_of_its_own_history() {
    let mut table = String::new();
    for separation in &SEPARATIONS {
        let model = models::find(separation.forbidden).expect("it is there");
        let sessions = separation.sessions(model.about()).expect("it is a sketch");
        let told = told(separation.forbidden, &sessions.to_string());
        let own = format!("{} ({})", separation.name, separation.allowed);
        assert!(told.contains(&own), "{own} is not told of its own history, but {told}");
        table += &format!("{own} is not {}: {told}\n", separation.forbidden);
    }
    expect![[r#"
        stale read (sequential) is not linearizable: stale read (sequential), transaction in the past (serializable), real time turned around (sequential)
        transaction in the past (serializable) is not linearizable: stale read (sequential), transaction in the past (serializable), real time turned around (sequential)
        objects do not compose (linearizable) is not serializable: objects do not compose (linearizable), write skew (snapshot-isolation)
        stale transaction (session-serializable) is not strict-serializable: stale transaction (session-serializable), transaction in the past (serializable)
        own write forgotten (serializable) is not session-serializable: own write forgotten (serializable)
        write skew (snapshot-isolation) is not serializable: objects do not compose (linearizable), write skew (snapshot-isolation)
        long fork (parallel-snapshot) is not snapshot-isolation: long fork (parallel-snapshot)
        long fork (parallel-snapshot) is not prefix: long fork (parallel-snapshot)
        lost update (prefix) is not snapshot-isolation: lost update (prefix)
        lost update (transactional-causal) is not parallel-snapshot: lost update (transactional-causal)
        effect without its cause (read-atomic) is not transactional-causal: effect without its cause (read-atomic)
        fractured read (read-committed) is not read-atomic: fractured read (read-committed)
        newer, then older (adya-pl2) is not read-committed: newer, then older (adya-pl2)
        store buffering (causal-memory) is not sequential: store buffering (causal-memory), store buffering (causal-convergence)
        store buffering (causal-convergence) is not sequential: store buffering (causal-memory), store buffering (causal-convergence)
        two orders (causal-memory) is not causal-convergence: two orders (causal-memory)
        first read, then overruled (causal-convergence) is not causal-memory: first read, then overruled (causal-convergence)
        back and forth (causal) is not causal-memory: first read, then overruled (causal-convergence), back and forth (causal)
        effect without its cause (pram) is not causal: effect without its cause (pram)
        value from the future (sequential) is not linearizable: transaction in the past (serializable), value from the future (sequential), real time turned around (sequential)
        real time turned around (sequential) is not linearizable: stale read (sequential), transaction in the past (serializable), real time turned around (sequential)
        session turned around (serializable) is not session-serializable: session turned around (serializable)
        two in a row (snapshot-isolation) is not serializable: objects do not compose (linearizable), two in a row (snapshot-isolation)
        store buffering (parallel-snapshot) is not prefix: store buffering (parallel-snapshot)
        back to the past (read-atomic) is not transactional-causal: back to the past (read-atomic)
        two readers, two orders (causal-memory) is not sequential: two readers, two orders (causal-memory), two readers, two orders (causal-convergence)
        two readers, two orders (causal-convergence) is not sequential: two readers, two orders (causal-memory), two readers, two orders (causal-convergence)
        transaction in the past (serializable) is not strict-serializable: stale transaction (session-serializable), transaction in the past (serializable)
    "#]].assert_eq(&table);
}

#[test]
fn what_is_no_write_skew_is_not_told_to_be_one() {
    let check =
        |model: &str, sketch: &str, expected: expect_test::Expect| expected.assert_eq(&told(model, sketch));
    // The read-only transaction of Fekete, O'Neil and O'Neil.
    check(
        "serializable",
        "a {r(x,nil) r(y,nil) w(x,1)}\nb {r(y,nil) w(y,2)}\nc {r(x,nil) r(y,2)}",
        expect!["objects do not compose (linearizable), two in a row (snapshot-isolation)"],
    );
    // Fractured, which not even snapshot isolation allows.
    check(
        "serializable",
        "a {w(x,1) w(y,1)}\nb {r(y,nil) r(x,1)}",
        expect!["objects do not compose (linearizable)"],
    );
    check(
        "linearizable",
        "a w(x,1)@1..2\nb r(x,1)@3..4 r(x,nil)@5..6",
        expect![
            "stale read (sequential), transaction in the past (serializable), real time turned around (sequential)"
        ],
    );
    check(
        "linearizable",
        "a r(x,1)@1..2\nb w(x,1)@3..4",
        expect![
            "transaction in the past (serializable), value from the future (sequential), real time turned around (sequential)"
        ],
    );
    check(
        "session-serializable",
        "a w(x,1) w(y,1)\nb r(y,1) r(x,nil)",
        expect!["session turned around (serializable)"],
    );
    check("transactional-causal", "a w(x,1)\nb r(x,1) r(x,nil)", expect!["back to the past (read-atomic)"]);
    check(
        "sequential",
        "a w(x,1)\nb w(y,1)\nc r(x,1) r(y,nil)\nd r(y,1) r(x,nil)",
        expect!["two readers, two orders (causal-memory), two readers, two orders (causal-convergence)"],
    );
    check(
        "sequential",
        "a w(x,1) r(y,nil)\nb w(y,1) r(x,nil)",
        expect!["store buffering (causal-memory), store buffering (causal-convergence)"],
    );
}

#[test]
fn objects_that_are_right_each_do_not_compose() {
    let skew = sessions("a {r(x,nil) w(y,1)}@1..6\nb {r(y,nil) w(x,1)}@3..8");
    let apart = taken_apart(&skew).expect("times are recorded");
    let mut patience = Patience::new(Budget::default());
    assert_eq!(Linearizable.judge(&Recorded::from(&apart), &mut patience), Finding::Holds, "{apart}");
    assert_eq!(judge("serializable", &skew).word(), "violated");
    let stale = sessions("a {w(x,1) w(y,1)}@1..2\nb {r(x,nil) r(y,1)}@3..4");
    let apart = taken_apart(&stale).expect("times are recorded");
    assert_eq!(Linearizable.judge(&Recorded::from(&apart), &mut patience).word(), "violated", "{apart}");
    assert!(taken_apart(&sessions("a {w(x,1) w(y,1)}")).is_none(), "no times");
    assert!(taken_apart(&sessions("a w(x,1)@1..2")).is_none(), "nothing to take apart");
    assert!(Shape::SeveralKeys.is_of(&skew, &models::Anomaly::plain("", skew.ids())));
}
