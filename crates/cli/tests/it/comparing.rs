//! `constellation models`: what can be judged, and what separates two models.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::expect;

use crate::command::{Bench, check, text};

#[test]
fn models_are_listed_described_and_told_apart() {
    let listed = Bench::new(&[]).run(&["models"], b"");
    assert_eq!(listed.status.code(), Some(0));
    for model in constellation_verify::models::all() {
        assert!(
            text(&listed.stdout).contains(model.about().sentence),
            "{} is not listed",
            model.about().name
        );
    }
    check(
        &["models", "causal", "causal-memory"],
        expect![[r#"
            exit 0
            --- out
            causal         whoever sees an effect sees its causes
            causal-memory  each session sees one order of all writes in its past, which keeps causes

            causal allows and causal-memory forbids “back and forth”: of two concurrent writes now the one and now the other is seen: each read alone can be explained, their order cannot
                pacific   w(x,1)  r(x,2)  r(x,1)
                atlantic  w(x,2)
                a line a session; nil is the initial value
              ✓ holds    causal
              ✗ violated causal-memory  what pacific read puts each of these before the next, and the last before the first

            Whatever causal-memory allows, causal allows too: it is the stronger of the two."#]],
    );
    check(
        &["models", "causal", "causal"],
        expect![[r#"
        exit 0
        --- out
        causal  whoever sees an effect sees its causes
        causal  whoever sees an effect sees its causes
        They are one model."#]],
    );
    check(
        &["models", "casual"],
        expect![[r#"
        exit 2
        --- talk
        error: no model is called `casual`
        help: did you mean `causal`?"#]],
    );
    check(
        &["models", "casual", "causal", "pram"],
        expect![[r#"
        exit 2
        --- talk
        error: unexpected value 'pram' for '[NAME]...' found; no more were expected

        Usage: constellation models [OPTIONS] [NAME]...

        For more information, try '--help'."#]],
    );
    check(
        &["models", "causal-memory", "causal-convergence", "--json"],
        expect![[r#"
            exit 0
            --- out
            {
              "schema": "constellation/models/1",
              "models": [
                {
                  "name": "causal-memory",
                  "sentence": "each session sees one order of all writes in its past, which keeps causes",
                  "source": "Bouajjani, Enea, Guerraoui and Hamza, On Verifying Causal Consistency (POPL 2017), CM",
                  "cost": "O((n + m) k²) a pass, of which there are few",
                  "judges": "transactions",
                  "implies": [
                    "causal",
                    "pram"
                  ]
                },
                {
                  "name": "causal-convergence",
                  "sentence": "everybody sees the last write of its past, in one order of all writes",
                  "source": "Bouajjani, Enea, Guerraoui and Hamza, On Verifying Causal Consistency (POPL 2017), CCv",
                  "cost": "O((n + m) k)",
                  "judges": "transactions",
                  "implies": [
                    "causal",
                    "strong-convergence",
                    "read-your-writes",
                    "monotonic-reads",
                    "monotonic-writes",
                    "writes-follow-reads"
                  ]
                }
              ],
              "separations": [
                {
                  "name": "two orders",
                  "allowed": "causal-memory",
                  "forbidden": "causal-convergence",
                  "sentence": "concurrent writes are seen in two orders, each by a session that keeps to its own",
                  "allowed_history": "pacific   w(x,1)  r(x,2)\natlantic  w(x,2)  r(x,1)",
                  "forbidden_history": "pacific   w(x,1)  r(x,2)\natlantic  w(x,2)  r(x,1)"
                },
                {
                  "name": "first read, then overruled",
                  "allowed": "causal-convergence",
                  "forbidden": "causal-memory",
                  "sentence": "all agree that the own write is the later one, but a read before it shows that it was the earlier",
                  "allowed_history": "pacific   w(z,1)  w(x,1)  w(y,1)\natlantic  w(x,2)  r(z,nil)  r(y,1)  r(x,2)",
                  "forbidden_history": "pacific   w(z,1)  w(x,1)  w(y,1)\natlantic  w(x,2)  r(z,nil)  r(y,1)  r(x,2)"
                }
              ]
            }"#]],
    );
}
