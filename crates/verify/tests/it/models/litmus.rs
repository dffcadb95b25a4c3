//! The famous small histories, each judged by every model: what separates two models stands here.

use constellation_trace::Sessions;
use constellation_verify::models::{self, Finding, Model, SEPARATIONS, SMALLEST, Separation};
use expect_test::expect_file;

use super::{judge, sessions, told};

/// A name, and the history.
pub(crate) const LITMUS: [(&str, &str); 39] = [
    ("everybody agrees", "a w(x,1) w(x,2)\nb r(x,1) r(x,2)"),
    ("store buffering: each misses the other's write", "a w(x,1) r(y,nil)\nb w(y,1) r(x,nil)"),
    ("message passing: the flag is up, the data is not there", "a w(x,1) w(y,1)\nb r(y,1) r(x,nil)"),
    (
        "write to read causality: an answer without its question",
        "a w(x,1)\nb r(x,1) w(y,1)\nc r(y,1) r(x,nil)",
    ),
    ("own write forgotten", "a w(x,1) r(x,nil)"),
    ("own newer write forgotten", "a w(x,1) w(x,2) r(x,1)"),
    ("back to the past", "a w(x,1)\nb r(x,1) r(x,nil)"),
    ("back to an older write", "a w(x,1) w(x,2)\nb r(x,2) r(x,1)"),
    ("a changed mind", "a w(x,1)\nb w(x,2)\nc r(x,1) r(x,2) r(x,1)"),
    ("two opinions", "a w(x,1)\nb w(x,2)\nc r(x,1) r(x,2)\nd r(x,2) r(x,1)"),
    ("two opinions of the writers themselves", "a w(x,1) r(x,2)\nb w(x,2) r(x,1)"),
    ("independent reads of independent writes", "a w(x,1)\nb w(y,1)\nc r(x,1) r(y,nil)\nd r(y,1) r(x,nil)"),
    ("load buffering: each is the cause of the other", "a r(x,1) w(y,1)\nb r(y,1) w(x,1)"),
    (
        "an own write wins over what is known only later",
        "a w(z,1) w(x,1) w(y,1)\nb w(x,2) r(z,nil) r(y,1) r(x,2)",
    ),
    (
        "what a later read forces makes an earlier one stale",
        "a w(x,1)\nb w(z,1) w(z,2) w(x,2) w(y,1)\nc r(x,1) r(z,1) r(y,1) r(x,1)",
    ),
    (
        "of one session the later write is the one that matters",
        "a w(x,1)\nb w(x,2) w(x,3)\nc r(x,3) r(x,1)\nd r(x,2) r(x,1)\ne r(x,1) r(x,3)",
    ),
    ("an update that rests on an overwritten one", "a w(x,1) w(y,1)\nb r(y,1) w(y,2)\nc r(y,2) r(x,nil)"),
    ("a lost update", "a w(x,1)\nb {r(x,1) w(x,2)}\nc {r(x,1) w(x,3)}"),
    ("write skew", "a {r(x,nil) w(y,1)}\nb {r(y,nil) w(x,1)}"),
    ("long fork", "a w(x,1)\nb w(y,1)\nc {r(x,1) r(y,nil)}\nd {r(x,nil) r(y,1)}"),
    ("half a transaction", "a {w(x,1) w(y,1)}\nb {r(x,1) r(y,nil)}"),
    ("a stale read: what was over is not seen", "a w(x,1)@1..2\nb r(x,nil)@3..4"),
    ("a read in time: what is under way may be seen or not", "a w(x,1)@1..5\nb r(x,1)@2..3\nc r(x,nil)@3..4"),
    ("fractured read: the other half", "a {w(x,1) w(y,1)}\nb {r(y,nil) r(x,1)}"),
    ("a read that cannot be repeated", "a w(x,1) w(x,2)\nb {r(x,1) r(x,2)}"),
    ("aborted read", "a w(x,1)!\nb r(x,1)"),
    ("intermediate read", "a {w(x,1) w(x,2)}\nb r(x,1)"),
    ("an unknown write is seen", "a w(x,1)?@1..\nb r(x,1)@3..4"),
    ("a read from the future", "a w(x,1)@3..4\nb r(x,1)@1..2"),
    (
        "what touches in time is still ordered by its session",
        "a w(x,1)@1..5 r(y,nil)@5..6\nb w(y,1)@1..5 r(x,nil)@5..6",
    ),
    ("a replica that learns late", "a w(x,1)@1..2\nb r(x,nil)@3..4 r(x,1)@5..6"),
    ("replicas that never agree", "a w(x,1)@1..2\nb w(x,2)@1..2\nc r(x,1)@3..4\nd r(x,2)@3..4"),
    ("of one session the second write without the first", "a w(x,1) w(y,1)\nb {r(x,nil) r(y,1)}"),
    ("the halves of two transactions", "a {w(x,1) w(y,1)}\nb {w(x,2) w(y,2)}\nc {r(x,1) r(y,2)}"),
    ("half an update", "a w(x,1)\nb {r(x,1) w(x,2) w(y,1)}\nc {r(y,1) r(x,1)}"),
    ("a transaction that goes back", "a w(x,1) w(x,2)\nb {r(x,2) r(x,1)}"),
    ("transactions that tell each other", "a {r(y,1) w(x,1)}\nb {r(x,1) w(y,1)}"),
    ("a list that turns a session around", "a a(l,1) a(l,2)\nb r(l,[2,1])"),
    ("a list that turns cause and effect around", "a {a(l,1) w(y,1)}\nb {r(y,1) a(l,2)}\nc r(l,[2,1])"),
];

/// What all models say of a history: those that hold, those that fail, those that cannot tell.
fn row(title: &str, judge: impl Fn(&'static dyn Model) -> (Sessions, Finding)) -> String {
    let mut lines = [("✓", String::new()), ("✗", String::new()), ("?", String::new())];
    for model in models::all() {
        let (sessions, finding) = judge(*model);
        told(&sessions, &finding);
        let place = ["holds", "violated", "unknown"].iter().position(|word| *word == finding.word());
        let line = &mut lines[place.expect("one of three")].1;
        *line += &format!(" {}", model.about().name);
    }
    let lines = lines.iter().filter(|(_, names)| !names.is_empty());
    let lines: String = lines.map(|(glyph, names)| format!("  {glyph}{names}\n")).collect();
    format!("{title}\n{lines}")
}

#[test]
fn each_famous_history_has_the_models_that_explain_it() {
    let rows = LITMUS.iter().map(|(name, sketch)| {
        let all = sessions(sketch);
        row(&format!("{name}\n{}", sketch.replace('\n', " | ")), |model| {
            (all.clone(), judge(model.about().name, &all))
        })
    });
    expect_file!["litmus.txt"].assert_eq(&rows.collect::<String>());
}

#[test]
fn each_separation_has_the_models_that_explain_it() {
    let rows = SEPARATIONS.iter().chain(&SMALLEST).map(|separation| {
        let Separation { name, allowed, forbidden, sketch, apart, .. } = separation;
        let mut title = format!("{name}: {allowed}, not {forbidden}\n{}", sketch.replace('\n', " | "));
        if !apart.is_empty() {
            title += &format!("\none by one: {}", apart.replace('\n', " | "));
        }
        row(&title, |model| {
            let sessions = separation.sessions(model.about()).expect("it is a sketch");
            (sessions, separation.judge(model).expect("it is a sketch"))
        })
    });
    expect_file!["separations.txt"].assert_eq(&rows.collect::<String>());
}
