//! Incidents that are written in code: which flags mean something for them, and for which commands they are no target.

use expect_test::expect;

use crate::command::{Bench, check, shown};

#[test]
fn a_flag_of_another_target_is_refused() {
    check(
        &["run", "mss-23", "--nodes", "pacific"],
        expect![[r#"
        exit 2
        --- talk
        error: `mss-23` takes no --nodes: it is several runs side by side, written in code
        help: leave it out; beside --seed and --json there are --retry, --world, --timeline, --trace"#]],
    );
    check(
        &["run", "mss-23", "--resolver", "all"],
        expect![[r#"
        exit 2
        --- talk
        error: `mss-23` takes no --resolver: it is several runs side by side, written in code
        help: leave it out; beside --seed and --json there are --retry, --world, --timeline, --trace"#]],
    );
    check(
        &["run", "conjunction", "--retry", "blind"],
        expect![[r#"
        exit 2
        --- talk
        error: `conjunction` takes no --retry
        help: leave it out; it is for `constellation run mss-23`"#]],
    );
    check(
        &["run", "conjunction", "--resolver", "all", "--world", "partition"],
        expect![[r#"
        exit 2
        --- talk
        error: `conjunction` takes no --world
        help: leave it out; it is for `constellation run mss-23`"#]],
    );
}

#[test]
fn a_study_is_no_target_where_a_scenario_is_wanted() {
    let bench = Bench::new(&[]);
    let printed = [&["hunt"][..], &["explore"], &["replay", "tape=1"]].map(|command| {
        let output = bench.run(&[command, &["mss-23"]].concat(), b"");
        format!("{}: {}", command[0], shown(&output))
    });
    expect![[r#"
        hunt: exit 2
        --- talk
        error: `mss-23` is several runs side by side, written in code: there is no file of it
        help: `constellation run mss-23` makes these runs and judges them
        explore: exit 2
        --- talk
        error: `mss-23` is several runs side by side, written in code: there is no file of it
        help: `constellation run mss-23` makes these runs and judges them
        replay: exit 2
        --- talk
        error: `mss-23` is several runs side by side, written in code: there is no file of it
        help: `constellation run mss-23` makes these runs and judges them"#]]
    .assert_eq(&printed.join("\n"));
}

#[test]
fn what_is_nearly_a_study_is_told_so() {
    check(
        &["run", "mss-32", "--retry", "blind"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `mss-32`
        help: did you mean `mss-23`?"#]],
    );
    check(
        &["run", "mss23"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `mss23`
        help: did you mean `mss-23`?"#]],
    );
}
