//! `audit` as a user meets it: what it prints, for whom, and with which exit code.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::collections::BTreeSet;

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, shown, text};

const JOIN: &[u8] =
    b"use tokio::net::TcpStream;\n\nasync fn join(peer: &str) -> std::io::Result<TcpStream> {\n    \
                      TcpStream::connect(peer).await\n}\n";

const FINE: &[u8] = b"fn main() {}\n";

#[test]
fn a_finding_is_drawn_with_what_it_becomes_and_what_to_write() {
    Bench::new(&[("join.rs", JOIN)]).check(&["audit"], expect![[r#"
        exit 1
        --- out
        warn[reliable::connect-no-timeout]: a connect without a time-out
         --> join.rs:4:5
          |
        4 |     TcpStream::connect(peer).await
          |     ^^^^^^^^^^^^^^^^^^^^^^^^ nothing in this function ends the wait before the operating system does, after about two minutes
          |
          = becomes: One relay loses power, and the task that sends heartbeats waits two minutes for its connection,
                     longer than MSS-23 was silent. The other stations hear nothing meanwhile, and depose a leader
                     that was well.
          = instead: give it a time-out, and say what is done when that is over
          = note: `constellation audit --explain reliable::connect-no-timeout` tells more

        fallacy                     looked at  found  suppressed
        the network is reliable             1      1           0
        latency is zero                     0      0           0
        bandwidth is infinite               0      0           0
        the network is secure               0      0           0
        topology does not change            0      0           0
        there is one administrator          0      0           0
        transport cost is zero              2      0           0
        the network is homogeneous          0      0           0
        one clock for all                   0      0           0
        1 file, 5 lines"#]]);
}

#[test]
fn clean_code_is_told_by_fallacy_too() {
    Bench::new(&[("main.rs", FINE)]).check(
        &["audit", "main.rs"],
        expect![[r#"
        exit 0
        --- out
        fallacy                     looked at  found  suppressed
        the network is reliable             0      0           0
        latency is zero                     0      0           0
        bandwidth is infinite               0      0           0
        the network is secure               0      0           0
        topology does not change            0      0           0
        there is one administrator          0      0           0
        transport cost is zero              0      0           0
        the network is homogeneous          0      0           0
        one clock for all                   0      0           0
        1 file, 1 line"#]],
    );
}

#[test]
fn scripts_get_one_object() {
    Bench::new(&[("join.rs", JOIN), ("broken.rs", b"fn a( {}")])
        .check(&["audit", "--format", "json"], expect![[r#"
            exit 2
            --- out
            {
              "schema": "constellation/audit/1",
              "findings": [
                {
                  "rule": "reliable::connect-no-timeout",
                  "level": "warn",
                  "title": "a connect without a time-out",
                  "file": "join.rs",
                  "line": 4,
                  "column": 5,
                  "line_end": 4,
                  "column_end": 29,
                  "bytes": [
                    90,
                    114
                  ],
                  "within": "join",
                  "fingerprint": "22857a633fef5e78607a900b689e5e43",
                  "is_test": false,
                  "here": "nothing in this function ends the wait before the operating system does, after about two minutes",
                  "incident": "One relay loses power, and the task that sends heartbeats waits two minutes for its connection, longer than MSS-23 was silent. The other stations hear nothing meanwhile, and depose a leader that was well.",
                  "instead": "give it a time-out, and say what is done when that is over"
                }
              ],
              "families": [
                {
                  "family": "reliable",
                  "fallacy": "the network is reliable",
                  "looked_at": 1,
                  "found": 1,
                  "suppressed": 0
                },
                {
                  "family": "latency",
                  "fallacy": "latency is zero",
                  "looked_at": 0,
                  "found": 0,
                  "suppressed": 0
                },
                {
                  "family": "bandwidth",
                  "fallacy": "bandwidth is infinite",
                  "looked_at": 0,
                  "found": 0,
                  "suppressed": 0
                },
                {
                  "family": "secure",
                  "fallacy": "the network is secure",
                  "looked_at": 0,
                  "found": 0,
                  "suppressed": 0
                },
                {
                  "family": "topology",
                  "fallacy": "topology does not change",
                  "looked_at": 0,
                  "found": 0,
                  "suppressed": 0
                },
                {
                  "family": "admin",
                  "fallacy": "there is one administrator",
                  "looked_at": 0,
                  "found": 0,
                  "suppressed": 0
                },
                {
                  "family": "cost",
                  "fallacy": "transport cost is zero",
                  "looked_at": 2,
                  "found": 0,
                  "suppressed": 0
                },
                {
                  "family": "homogeneous",
                  "fallacy": "the network is homogeneous",
                  "looked_at": 0,
                  "found": 0,
                  "suppressed": 0
                },
                {
                  "family": "clock",
                  "fallacy": "one clock for all",
                  "looked_at": 0,
                  "found": 0,
                  "suppressed": 0
                }
              ],
              "files": 1,
              "lines": 5,
              "files_left_out": 0,
              "findings_hidden": 0,
              "baseline": null,
              "not_audited": [
                {
                  "file": "broken.rs",
                  "line": 1,
                  "reason": "it does not parse: a bracket or a quote has no other half"
                }
              ],
              "own_unmatched": [],
              "exit_code": 2
            }"#]]);
}

#[test]
fn json_can_be_asked_for_as_everywhere() {
    let bench = Bench::new(&[("join.rs", JOIN)]);
    let short = bench.run(&["audit", "--json"], b"");
    assert_eq!(shown(&short), shown(&bench.run(&["audit", "--format", "json"], b"")));
    let json: Value = serde_json::from_slice(&short.stdout).expect("it is JSON");
    assert_eq!(
        (json["schema"].as_str(), json["exit_code"].as_u64()),
        (Some("constellation/audit/1"), Some(1))
    );
    for arguments in
        [&["audit", "--rules", "--json"][..], &["audit", "--explain", "hash-mod-members", "--json"]]
    {
        let json: Value = serde_json::from_slice(&bench.run(arguments, b"").stdout).expect("it is JSON");
        assert_eq!(json["schema"], "constellation/audit-rules/1");
    }
}

#[test]
fn the_exit_code_says_what_was_found_from_which_level_on() {
    let code = |files: &[(&str, &[u8])], args: &[&str]| {
        Bench::new(files).run(&[&["audit"], args].concat(), b"").status.code()
    };
    let join: (&str, &[u8]) = ("join.rs", JOIN);
    assert_eq!(code(&[("main.rs", FINE)], &[]), Some(0));
    assert_eq!(code(&[join], &[]), Some(1));
    assert_eq!(code(&[join], &["--deny-from", "deny"]), Some(0));
    assert_eq!(code(&[join], &["--deny-from", "info"]), Some(1));
    assert_eq!(code(&[join, ("broken.rs", b"fn a( {}")], &[]), Some(2));
    assert_eq!(code(&[("join_test.rs", JOIN)], &[]), Some(2), "of a folder nothing is looked at");
    assert_eq!(code(&[("join_test.rs", JOIN)], &["join_test.rs"]), Some(0), "a hook may name tests alone");
    assert_eq!(code(&[("join_test.rs", JOIN)], &["--tests"]), Some(0), "in tests it counts as info");
    assert_eq!(code(&[("join_test.rs", JOIN)], &["--tests", "--deny-from", "info"]), Some(1));
    assert_eq!(code(&[], &["nowhere.rs"]), Some(2));
}

#[test]
fn an_editor_may_send_what_it_has() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["audit", "--stdin", "--filename", "src/join.rs"], JOIN);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("src/join.rs:4:5"), "{}", text(&output.stdout));
    let here = bench.path().canonicalize().expect("it is there").join("tests/join.rs").display().to_string();
    let tested = bench.run(&["audit", "--stdin", "--filename", &here], JOIN);
    assert_eq!(tested.status.code(), Some(0), "tests are left out, wherever the file says that it is");
    assert_eq!(bench.run(&["audit", "--stdin"], JOIN).status.code(), Some(2), "a file has a name");
}

#[test]
fn a_rule_is_explained() {
    Bench::new(&[]).check(
        &["audit", "--explain", "topology::literal-quorum"],
        expect![[r#"
        exit 0
        --- out
        topology::literal-quorum · warn · a majority that is written as a number
        topology does not change: nodes come, go and change their addresses while the program runs

        why
          Two is a majority of three, and none of five. When members are added the number stays, and two
          groups can each believe that they are the majority.

        what it becomes
          Three stations become five, and the number of votes stays two. In a partition such as the
          Antarctic one each side elects a leader.

        instead
          derive it from the members: more than half of them

            if votes > members.len() / 2 { self.lead(); }

        what looks like it and is right
          · a comparison with what is computed from the members
          · a comparison with 0 or 1, which asks whether there is any
          · counts of other things: bytes, attempts

        when to allow it
          If the members are fixed by the protocol, say so.
            // constellation: allow(topology::literal-quorum, reason = "…")

        see it happen
          constellation hunt specimen:election/half
          constellation hunt specimen:quorum-register/read-one"#]],
    );
    Bench::new(&[]).check(
        &["audit", "--explain", "literal-quorom"],
        expect![[r#"
        exit 2
        --- talk
        error: no rule is called `literal-quorom`
        help: did you mean `topology::literal-quorum`?"#]],
    );
    Bench::new(&[]).check(
        &["audit", "connect-no-timeout"],
        expect![[r#"
        exit 2
        --- talk
        error: cannot read `connect-no-timeout`: no such file or directory
        help: that is a rule: `--explain` prints its page"#]],
    );
}

#[test]
fn the_rules_are_listed_by_fallacy() {
    Bench::new(&[]).check(
        &["audit", "--rules"],
        expect![[r#"
            exit 0
            --- out
            the network is reliable
              warn  reliable::connect-no-timeout           a connect without a time-out
              warn  reliable::http-no-timeout              a client or a call without a time-out
              info  reliable::remote-unwrap                a panic when the other side fails
              warn  reliable::retry-no-backoff             asking again at once, for ever
              info  reliable::retry-no-jitter              a pause before the next attempt that is the same for all
              info  reliable::retry-not-idempotent         a request that changes something is sent again as if it were new
              info  reliable::socket-result-dropped        what a socket says of a write is thrown away
            latency is zero
              warn  latency::blocking-in-async             a blocking call in async code
              info  latency::guard-across-remote           a lock is held while another machine is waited for
              info  latency::remote-await-in-loop          one round trip after the other
              info  latency::sleep-as-sync                 a pause in the place of an answer
              info  latency::timeout-too-short             a time-out that is shorter than a long round trip
            bandwidth is infinite
              deny  bandwidth::alloc-from-wire             as much memory as the other side asks for
              info  bandwidth::body-unbounded              the whole of a body in memory, however long it is
              warn  bandwidth::limit-disabled              a limit of size that is switched off
              warn  bandwidth::read-to-end-socket          reading a socket for as long as the other side writes
              info  bandwidth::unbounded-queue             a queue without an end behind a socket
            the network is secure
              info  secure::bind-any                       a port that is open on all addresses, with nothing in sight that asks who comes
              warn  secure::cleartext-url                  an address that is asked in clear
              warn  secure::custom-verifier                a verifier of certificates that accepts all of them
              warn  secure::plaintext-store                a store or a broker without encryption
              deny  secure::tls-verify-off                 a certificate that is not checked
            topology does not change
              warn  topology::hash-mod-members             a place by remainder of the number of nodes
              info  topology::ip-literal                   the address of another machine in the text of the program
              warn  topology::literal-quorum               a majority that is written as a number
              warn  topology::peer-list-literal            a list of nodes in the text of the program
              info  topology::resolve-once                 a name that is turned into an address once and for ever
            there is one administrator
              deny  admin::credential-literal              a password in the text of the program
              info  admin::deny-unknown-wire               a message that is refused if it has one field more
              warn  admin::exact-version-handshake         a peer of any other version is refused
              info  admin::late-env                        a setting from the environment that is first asked for at work
            transport cost is zero
              warn  cost::client-per-call                  a client that is made anew for each request
              warn  cost::connect-per-message              a connection for each message
              info  cost::publish-one-by-one               messages that are published one after the other
              warn  cost::small-writes                     a message that is written in pieces
            the network is homogeneous
              info  homogeneous::codec-unversioned         a codec without names or versions, and no version in sight
              warn  homogeneous::default-hasher-placement  a place by a hash that may change with the compiler
              warn  homogeneous::native-endian             bytes in the order of this machine, for another one
              warn  homogeneous::struct-as-bytes           a structure sent as it lies in memory
              info  homogeneous::usize-to-bytes            a length in as many bytes as this machine's addresses have
            one clock for all
              info  clock::epoch-as-order                  a moment of the wall clock for a number that must grow
              deny  clock::instant-serialised              a moment of this machine's own clock, written down
              info  clock::instant-underflow               a moment that may be before the first one
              warn  clock::lww-wallclock                   of two writes the later wins, by clocks of two machines
              warn  clock::systemtime-deadline             a deadline on the wall clock
              deny  clock::systemtime-elapsed              a span of time by a clock that steps
              warn  clock::utc-elapsed                     a duration measured by the calendar
            comments to the audit
              warn  audit::allow-without-reason            an exception without a reason
              warn  audit::unused-allow                    an exception that nothing needs
              warn  audit::unknown-rule                    an exception to no rule
              warn  audit::malformed-allow                 a comment to the audit that it cannot read
            `constellation audit --explain RULE` prints the page of one"#]],
    );
}

/// What a run shows of what a page warns of, in words of its own output. A hunt ends at what it has found.
const SEEN: [(&str, &str); 14] = [
    (
        "run antarctic --groups 3,3,1 --policy majority",
        "refused: only 3 of 7 stations can be reached, 4 are needed",
    ),
    (
        "run antarctic --pass 2s",
        "the window was open 2 s; one round of votes over these links takes up to 2.3 s",
    ),
    ("place chain", "a write 1.50 round trips at pacific and indian, 2.00 at atlantic"),
    ("place quorum", "a write 1.00 round trips"),
    ("run conjunction --step at=500ms,do=leave,node=atlantic", "is lost: atlantic has left"),
    (
        "run conjunction --resolver wall-lww --wall node=pacific,ahead=1h",
        "DISCARDED: wall 05:40:02.000Z > 04:40:02.400Z",
    ),
    ("run lossy-relay --faults loss=20%", "indian_ocean lacks pacific:1"),
    (
        "run lossy-relay --step at=500ms,do=cut,from=pacific,to=atlantic",
        "CONCURRENT: atlantic:1 \"nominal\" | pacific:1 \"safe\"",
    ),
    ("run mss-17 --resolver wall-lww", "displaced it silently, though the two were written concurrently"),
    ("run mss-23 --retry blind", "it fires twice: the retry bears no key, so it is another order"),
    ("run mss-23 --retry none", "completes 1: unknown: no reply in time"),
    ("run narrow-pass", "is lost: the queue of the link is full"),
    ("run narrow-pass --faults queue=none", "waits behind others until 23.843s"),
    ("sweep mss-17", "1300 ms 2 of 63"),
];

/// The commands that a page names are those of this program, and show what it warns of.
#[test]
fn what_a_page_would_have_run_shows_what_it_warns_of() {
    let commands: BTreeSet<&str> =
        constellation_audit::rules::all().flat_map(|rule| rule.page.shows).copied().collect();
    let bench = Bench::new(&[]);
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let output = bench.run(&words, b"");
        let code = output.status.code().expect("nobody ends it");
        let (ends, seen): (&[i32], _) = match words[..2] {
            ["hunt", _] => (&[1], "replay constellation replay"),
            [_, name] => {
                // An election that comes too late, or to nothing, is neither kept nor broken.
                let ends: &[i32] = if name == "antarctic" { &[0, 1, 3] } else { &[0, 1] };
                let row = SEEN.iter().find(|(shown, _)| *shown == command);
                (ends, row.unwrap_or_else(|| panic!("{command}: what is seen there?")).1)
            }
            _ => unreachable!("there are two"),
        };
        assert!(ends.contains(&code), "{command}: {code}: {}", text(&output.stderr));
        // Whatever the width it is told in.
        let told = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(seen), "{command}: no `{seen}` in {told}");
    }
}

/// A page without a run says why it has none.
#[test]
fn a_page_that_shows_nothing_says_so() {
    for rule in constellation_audit::rules::all() {
        let page = &rule.page;
        assert_ne!(
            page.shows.is_empty(),
            page.unshown.is_empty(),
            "{}: a run, or why there is none",
            rule.id
        );
    }
    let output = Bench::new(&[]).run(&["audit", "--explain", "tls-verify-off"], b"");
    let told = text(&output.stdout);
    assert!(
        told.contains("see it happen\n  nothing here shows it: nobody in these runs listens or lies"),
        "{told}"
    );
}

/// What is found in this workspace is mended, or allowed with a reason.
#[test]
fn the_workspace_audits_itself_clean() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let output = Bench::new(&[]).run(&["audit", root], b"");
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn nothing_in_a_file_is_obeyed_by_a_terminal() {
    let code = b"fn a() { /* \x1b[31m\x07 */ std::net::TcpStream::connect(x); }\n";
    let output = Bench::new(&[("a.rs", code)]).run(&["audit", "--color", "never"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stdout.contains(&0x1b) && !output.stdout.contains(&7));
}
