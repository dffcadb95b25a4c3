//! `constellation place --real --store`: a store of the user's own, before any of it is started.

use expect_test::{Expect, expect};

use crate::command::Bench;

const GOOD: &str = "name = \"kept\"\nstart = [\"no-such-server\"]\nadapter = [\"no-such-client\"]\n";

fn check(args: &[&str], expected: &Expect) {
    let bad = GOOD.replace("\"no-such-server\"", "\"./server\", \"{adress}\"");
    let taken = GOOD.replace("kept", "etcd");
    let files =
        [("good.toml", GOOD.as_bytes()), ("bad.toml", bad.as_bytes()), ("taken.toml", taken.as_bytes())];
    let bench = Bench::new(&files);
    let output = bench.run(&[&["place"], args].concat(), b"");
    let code = output.status.code().expect("it ends by itself");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("it is text"));
    expected.assert_eq(&format!("exit {code}\n{}", said.concat()));
}

#[test]
fn a_description_that_cannot_be_used_is_refused_at_its_place() {
    check(
        &["--real", "--store", "bad.toml"],
        &expect![[r#"
            exit 2
            error: there is no slot `{adress}`
             --> bad.toml:2:22
              |
            2 | start = ["./server", "{adress}"]
              |                      ^^^^^^^^^^
              |
            help: did you mean `address`?
        "#]],
    );
}

#[test]
fn a_store_of_ones_own_has_a_name_of_its_own() {
    check(
        &["--real", "--store", "taken.toml"],
        &expect![[r#"
        exit 2
        error: `etcd` is the name of a store that is there already
        help: give yours another `name`
    "#]],
    );
}

#[test]
fn a_program_of_a_store_that_is_not_there_is_named() {
    check(
        &["--real", "--store", "good.toml"],
        &expect![[r#"
        exit 2
        error: kept cannot be placed: the program `no-such-server` is not installed
        help: the description of the store names it: one in PATH by its name, one in the folder of the description with a `/`, as `./server`
    "#]],
    );
}

#[test]
fn only_modes_that_the_description_has_can_be_named() {
    check(
        &["--real", "--store", "good.toml", "kept/fast"],
        &expect![[r#"
        exit 2
        error: kept has no mode `fast`
        help: its modes are default
    "#]],
    );
    check(
        &["--real", "--store", "good.toml", "kepd"],
        &expect![[r#"
        exit 2
        error: no server that can be placed is called `kepd`
        help: did you mean `kept`?
    "#]],
    );
}
