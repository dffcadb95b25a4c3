//! What a user says of functions of their own.

use std::path::Path;

use constellation_audit::{Options, Own, audit, audit_text};
use expect_test::{Expect, expect};

const OWN: &str = "
[[audit.remote]]
path = [\"rpc::call\", \"crate::peer::ask\"]

[[audit.remote]]
on = \"rpc::Client\"
name = [\"call\", \"ask\"]
kind = \"request\"
";

fn found(code: &str, own: Own) -> Vec<&'static str> {
    let audit = audit_text(Path::new("src/lib.rs"), code.as_bytes(), &Options::default().with_own(own));
    assert!(audit.not_audited.is_empty(), "{code}: {:?}", audit.not_audited);
    audit.findings.iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn functions_of_ones_own_are_remote() {
    let own = Own::parse(OWN).expect("it is right");
    assert_eq!(own.count(), 4);
    for code in [
        "async fn a(peer: P) { rpc::call(peer).await.unwrap(); }",
        "use rpc::call as go; async fn a(peer: P) { go(peer).await.unwrap(); }",
        "mod peer { pub async fn ask(p: P) {} } async fn a(peer: P) { peer::ask(peer).await.unwrap(); }",
        "use rpc::Client; async fn a(c: Client, peer: P) { c.ask(peer).await.unwrap(); }",
    ] {
        assert_eq!(found(code, Own::default()), Vec::<&str>::new(), "{code}");
        assert_eq!(found(code, own.clone()), ["reliable::remote-unwrap"], "{code}");
    }
    for code in [
        "async fn a(peer: P) { other::call(peer).await.unwrap(); }",
        "use other::Client; async fn a(c: Client, peer: P) { c.ask(peer).await.unwrap(); }",
    ] {
        assert_eq!(found(code, own.clone()), Vec::<&str>::new(), "{code}");
    }
}

/// Of whatever kind they are said to be: a user who names them means them.
#[test]
fn functions_of_ones_own_count_in_a_loop_and_unwrapped() {
    for kind in ["connect", "request", "query", "publish", "send", "receive"] {
        let own = OWN.replace("\"request\"", &format!("\"{kind}\""));
        let own = Own::parse(&own).expect("it is right");
        let unwrapped = "use rpc::Client; async fn a(c: Client, peer: P) { c.ask(peer).await.unwrap(); }";
        assert_eq!(found(unwrapped, own.clone()), ["reliable::remote-unwrap"], "{kind}");
        let turns = "use rpc::Client; async fn a(c: Client, peers: V) -> R { for peer in peers { c.ask(peer).await?; } }";
        let rule =
            if kind == "publish" { "cost::publish-one-by-one" } else { "latency::remote-await-in-loop" };
        assert_eq!(found(turns, own), [rule], "{kind}");
    }
    let own = Own::parse(OWN).expect("it is right");
    let turns = "async fn a(peers: V) -> R { for peer in peers { rpc::call(peer).await?; } }";
    assert_eq!(found(turns, Own::default()), Vec::<&str>::new());
    assert_eq!(found(turns, own.clone()), ["latency::remote-await-in-loop"]);
    for together in [
        "async fn a(peers: V) { for peer in peers { set.spawn(async move { rpc::call(peer).await }); } }",
        "async fn a(peers: V) { let calls = peers.map(|peer| rpc::call(peer)); join_all(calls).await; }",
    ] {
        assert_eq!(found(together, own.clone()), Vec::<&str>::new(), "{together}");
    }
}

#[test]
fn a_call_that_nothing_ends_is_found() {
    let connect = |timeout: &str| {
        let own = format!("[[audit.remote]]\npath = \"rpc::Link::open\"\nkind = \"connect\"\n{timeout}");
        let own = Own::parse(&own).expect("it is right");
        found("async fn a(peer: P) -> R { Ok(rpc::Link::open(peer).await?) }", own)
    };
    assert_eq!(connect("timeout = \"none\""), ["reliable::connect-no-timeout"]);
    assert_eq!(connect(""), Vec::<&str>::new(), "it ends by itself");
}

/// Whatever it is declared to be; and what is told of it is nothing of HTTP, nor of a client.
#[test]
fn a_call_of_ones_own_without_a_time_out_is_told_as_a_call() {
    let call = "async fn a(peer: P) -> R { Ok(rpc::call(peer).await?) }";
    let method = "use rpc::Client; async fn a(c: Client, peer: P) -> R { Ok(c.ask(peer).await?) }";
    for kind in ["request", "query", "publish", "send", "receive"] {
        let own = |timeout: &str| {
            let said = format!("\"\nkind = \"{kind}\"\n{timeout}");
            let text = format!(
                "[[audit.remote]]\npath = \"rpc::call{said}\n[[audit.remote]]\non = \"rpc::Client\"\nname = \"ask{said}"
            );
            Own::parse(&text).expect("it is right")
        };
        for code in [call, method] {
            assert_eq!(
                found(code, own("timeout = \"none\"")),
                ["reliable::http-no-timeout"],
                "{kind}: {code}"
            );
            assert_eq!(found(code, own("")), Vec::<&str>::new(), "{kind}: {code}");
        }
        let ended = "async fn a(peer: P) -> R { Ok(timeout(LIMIT, rpc::call(peer)).await??) }";
        assert_eq!(found(ended, own("timeout = \"none\"")), Vec::<&str>::new(), "{kind}");
    }
    let own =
        Own::parse("[[audit.remote]]\npath = \"rpc::call\"\ntimeout = \"system\"").expect("it is right");
    let audit = audit_text(Path::new("src/lib.rs"), call.as_bytes(), &Options::default().with_own(own));
    let [told] = &audit.findings[..] else { panic!("{:?}", audit.findings) };
    expect!["a client or a call without a time-out: nothing in this function ends this call before the operating system does, after minutes"]
        .assert_eq(&format!("{}: {}", told.rule.title, told.here));
}

/// What is misspelt would never be found; a file of its own says what was meant.
#[test]
fn what_nothing_calls_is_told() {
    let folder = tempfile::tempdir().expect("a folder for a test");
    let file = folder.path().join("lib.rs");
    let code = "mod peer { pub async fn ask(p: P) {} }\nasync fn a(c: net::Client, p: P) { peer::ask(p).await; c.call(p).await; }\n\
                #[test]\nfn b() { rpc::call(P) }\n";
    std::fs::write(&file, code).expect("the folder is ours");
    let told = |own: &str| -> Vec<String> {
        let options = Options::default().with_own(Own::parse(own).expect("it is right"));
        let audit = audit(std::slice::from_ref(&file), &options).expect("it is there");
        assert!(audit.findings.is_empty() && audit.not_audited.is_empty());
        audit.own_unmatched.iter().map(ToString::to_string).collect()
    };
    let expected =
        ["`rpc::call`", "`rpc::Client::call`: is `net::Client::call` meant?", "`rpc::Client::ask`"];
    assert_eq!(told(OWN), expected);
    assert_eq!(told("[[audit.remote]]\npath = \"peer::ask\""), ["`peer::ask`: is `crate::peer::ask` meant?"]);
    assert_eq!(told("[[audit.remote]]\non = \"net::Client\"\nname = \"call\""), Vec::<String>::new());
}

fn check(text: &str, expected: Expect) {
    let error = Own::parse(text).expect_err("it is wrong");
    expected.assert_eq(&format!("`{}`: {error}; {}", &text[error.span.clone()], error.help));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    check("[audit", expect!["``: unclosed table, expected `]`; "]);
    check("a = 1", expect!["`a`: `a` is unknown here; only `audit` may stand here"]);
    check("[audti]", expect!["`audti`: `audti` is unknown here; only `audit` may stand here"]);
    check(
        "[audit]\nremotes = 1",
        expect!["`remotes`: `remotes` is unknown here; only `remote` may stand here"],
    );
    check("[audit]\nremote = 1", expect!["`1`: `remote` is no list; write `[[audit.remote]]`"]);
    check("[audit]\nremote = [1]", expect!["`1`: this is no table; write `[[audit.remote]]`"]);
    check(
        "[[audit.remote]]\n",
        expect![
            "`[[audit.remote]]`: this names no function; give `path`, a full path such as `rpc::call`, or both `on`, a type, and `name`, a method of it"
        ],
    );
    check(
        "[[audit.remote]]\non = \"a::B\"",
        expect![
            "`[[audit.remote]]`: this names no function; give `path`, a full path such as `rpc::call`, or both `on`, a type, and `name`, a method of it"
        ],
    );
    check(
        "[[audit.remote]]\npath = \"call\"",
        expect![[
            r#"`"call"`: `call` is no full path; write it with its crate, such as `rpc::Client::call`, or with `crate::` if it is in the audited one"#
        ]],
    );
    check(
        "[[audit.remote]]\npath = [\"a::b\", \"a::call()\"]",
        expect![[
            r#"`"a::call()"`: `a::call()` is no full path; write it with its crate, such as `rpc::Client::call`, or with `crate::` if it is in the audited one"#
        ]],
    );
    check("[[audit.remote]]\npath = []", expect!["`[]`: `path` is a text, or a list of texts; "]);
    check("[[audit.remote]]\npath = [1]", expect!["`1`: `path` is a text, or a list of texts; "]);
    check(
        "[[audit.remote]]\non = \"a::B\"\nname = \"B::c\"",
        expect![[r#"`"B::c"`: `B::c` is no name of a method; write it without its type and without `()`"#]],
    );
    check(
        "[[audit.remote]]\npath = \"a::b\"\nkind = \"rpc\"",
        expect![[
            r#"`"rpc"`: `rpc` is unknown; one of `connect`, `request`, `query`, `publish`, `send`, `receive`"#
        ]],
    );
    check(
        "[[audit.remote]]\npath = \"a::b\"\ntimeout = \"5s\"",
        expect![[r#"`"5s"`: `5s` is unknown; one of `none`, `system`"#]],
    );
    check(
        "[[audit.remote]]\npath = \"a::b\"\ntime_out = \"none\"",
        expect!["`time_out`: `time_out` is unknown here; one of `path`, `on`, `name`, `kind`, `timeout`"],
    );
}
