//! What the search for an order must not forget of objects that are no registers; values come twice, so that nothing but the
//! search can judge them.

use constellation_verify::models::{self, Object, Recorded, Weakness};

use super::objects::{history, patience};

/// Who forgets what, of which object, and an operation a line: what the whole judge says, and what the weak one.
type Planted = (Object, &'static str, Weakness, &'static str, [&'static str; 2]);

const PLANTED: [Planted; 21] = [
    (
        Object::Queue,
        "linearizable",
        Weakness::RealTime,
        "0 1..2 enqueue 1\n1 3..4 enqueue 2\n2 5..6 dequeue = 2\n2 7..8 dequeue = 1\n3 9..9 enqueue 1",
        ["violated", "holds"],
    ),
    (
        Object::Queue,
        "linearizable",
        Weakness::Unknown,
        "0 1.. enqueue 1\n1 2..3 dequeue = 1\n1 4..5 enqueue 2\n1 6..7 enqueue 2",
        ["holds", "violated"],
    ),
    (
        Object::Queue,
        "linearizable",
        Weakness::InitialValues,
        "0 1..2 enqueue 1\n0 3..4 enqueue 1\n1 5..6 dequeue =",
        ["violated", "holds"],
    ),
    (
        Object::Queue,
        "sequential",
        Weakness::Sessions,
        "0 1..2 enqueue 1\n0 3..4 enqueue 2\n0 5..6 enqueue 1\n1 7..8 dequeue = 2",
        ["violated", "holds"],
    ),
    (
        Object::Mutex,
        "linearizable",
        Weakness::RealTime,
        "0 1..2 acquire\n0 5..6 release\n1 3..4 acquire",
        ["violated", "holds"],
    ),
    (
        Object::Mutex,
        "linearizable",
        Weakness::Unknown,
        "0 1.. acquire\n0 3..4 release\n1 5..6 acquire",
        ["holds", "violated"],
    ),
    (
        Object::Mutex,
        "sequential",
        Weakness::Sessions,
        "0 1..2 release\n0 3..4 acquire",
        ["violated", "holds"],
    ),
    (
        Object::Counter,
        "linearizable",
        Weakness::RealTime,
        "0 1..2 count c 5\n1 3..4 count c 2\n2 3..4 read c = 2",
        ["violated", "holds"],
    ),
    (
        Object::Counter,
        "linearizable",
        Weakness::Unknown,
        "0 1.. count c 2\n1 3..4 read c = 2",
        ["holds", "violated"],
    ),
    (
        Object::Counter,
        "linearizable",
        Weakness::InitialValues,
        "0 1..2 count c 5\n1 3..4 read c = 0",
        ["violated", "holds"],
    ),
    (
        Object::Counter,
        "sequential",
        Weakness::Sessions,
        "0 1..2 count c 5\n0 3..4 read c = 0",
        ["violated", "holds"],
    ),
    (
        Object::List,
        "linearizable",
        Weakness::RealTime,
        "0 1..2 append l 1\n1 3..4 append l 2\n3 1..9 append l 1\n2 5..6 read l = 2 1 1",
        ["violated", "holds"],
    ),
    (
        Object::List,
        "linearizable",
        Weakness::Unknown,
        "0 1.. append l 1\n1 1..2 append l 1\n1 3..4 read l = 1 1",
        ["holds", "violated"],
    ),
    (
        Object::List,
        "sequential",
        Weakness::Sessions,
        "0 1..2 append l 1\n0 3..4 append l 2\n0 5..6 append l 2\n1 7..8 read l = 2 1",
        ["violated", "holds"],
    ),
    (
        Object::Set,
        "linearizable",
        Weakness::RealTime,
        "0 1..2 add s 1\n1 1..2 add s 1\n2 3..4 read s = 2\n3 5..6 add s 2",
        ["violated", "holds"],
    ),
    (
        Object::Set,
        "linearizable",
        Weakness::Unknown,
        "0 1.. add s 1\n1 3..4 read s = 1\n2 5..6 add s 2\n2 7..8 add s 2",
        ["holds", "violated"],
    ),
    (
        Object::Set,
        "linearizable",
        Weakness::InitialValues,
        "0 1..2 add s 1\n1 1..2 add s 1\n2 3..4 read s =",
        ["violated", "holds"],
    ),
    (
        Object::Set,
        "sequential",
        Weakness::Sessions,
        "0 1..2 add s 1\n0 3..4 add s 2\n0 5..6 add s 1\n1 7..8 read s = 2",
        ["violated", "holds"],
    ),
    (
        Object::Register,
        "linearizable",
        Weakness::RealTime,
        "0 1..2 write x 1\n1 3..4 set x 2 3\n2 5..6 write x 2",
        ["violated", "holds"],
    ),
    (
        Object::Register,
        "linearizable",
        Weakness::Unknown,
        "0 1..2 write x 1\n1 3.. set x 1 2\n2 5..6 read x = 2",
        ["holds", "violated"],
    ),
    (
        Object::Register,
        "sequential",
        Weakness::Sessions,
        "0 1..2 set x 1 2\n0 3..4 write x 1",
        ["violated", "holds"],
    ),
];

#[test]
fn what_a_search_forgets_is_caught_by_each_object() {
    for (object, model, weakness, text, expected) in PLANTED {
        let history = history(text);
        let recorded = Recorded::from(&history).with_object(object);
        let model = models::find(model).expect("it is there");
        let words = [Weakness::Nothing, weakness]
            .map(|weakness| model.judge(&recorded, &mut patience().forgetting(weakness)).word());
        let (name, what) = (model.about().name, weakness.name());
        assert_eq!(words, expected, "{name} that {what}, of a {}:\n{text}", object.name());
    }
}
