//! `constellation place --real`: what is named, before anything is started.

use expect_test::{Expect, expect};

use crate::command::Bench;

fn check(args: &[&str], expected: &Expect) {
    let output = Bench::new(&[]).run(&[&["place"], args].concat(), b"");
    let code = output.status.code().expect("it ends by itself");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("it is text"));
    expected.assert_eq(&format!("exit {code}\n{}", said.concat()));
}

#[test]
fn a_server_that_nobody_knows_is_refused() {
    check(
        &["--real", "etc"],
        &expect![[r#"
        exit 2
        error: no server that can be placed is called `etc`
        help: did you mean `etcd`?
    "#]],
    );
}

#[test]
fn a_mode_that_a_server_has_not_is_refused_with_those_that_it_has() {
    check(
        &["--real", "etcd/serialisable"],
        &expect![[r#"
        exit 2
        error: etcd has no mode `serialisable`
        help: its modes are linearizable, serializable
    "#]],
    );
}

#[test]
fn a_simulated_store_as_processes_has_three_sites() {
    check(
        &["--real", "quorum:sites=5"],
        &expect![[r#"
        exit 2
        error: `quorum:n=3,r=2,w=2,repair=off,sloppy=off,sites=5` is at 5 sites, and a server is placed at three
        help: leave `sites` out
    "#]],
    );
}

#[test]
fn what_is_meant_for_real_servers_needs_some() {
    let output = Bench::new(&[]).run(&["place", "quorum", "--quick"], b"");
    let said = String::from_utf8(output.stderr).expect("it is text");
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("--real"), "{said}");
}

#[test]
fn every_server_is_listed_with_its_modes_for_a_script() {
    let output = Bench::new(&[]).run(&["place", "--real", "--json"], b"");
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&json["schema"], &json["basis"]), (&"constellation/place/1".into(), &"real".into()));
    let servers = json["servers"].as_array().expect("there are servers");
    let etcd = servers.iter().find(|server| server["server"] == "etcd").expect("etcd is among them");
    let modes: Vec<_> =
        etcd["modes"].as_array().expect("it has modes").iter().map(|mode| &mode["name"]).collect();
    assert_eq!(modes, ["linearizable", "serializable"]);
}

#[cfg(all(target_os = "linux", not(feature = "real")))]
#[test]
fn a_server_whose_client_was_not_built_is_not_even_started() {
    check(
        &["--real", "redis/wait-1"],
        &expect![[r#"
        exit 2
        error: redis/wait-1 cannot be placed: this program was built without the client of redis
        help: `cargo install --path crates/cli --features real` builds it with those of all servers
    "#]],
    );
}
