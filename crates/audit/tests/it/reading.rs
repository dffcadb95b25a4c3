//! How code is read: what names mean, where the types come from, what is test code.

use std::path::Path;

use constellation_audit::{Audit, Level, Options, Setting, Tests, audit_text};

fn audited(code: &str, tests: Tests) -> Audit {
    let audit = audit_text(Path::new("src/lib.rs"), code.as_bytes(), &Options::default().with_tests(tests));
    assert!(audit.not_audited.is_empty(), "{code}: {:?}", audit.not_audited);
    audit
}

/// The lines on which a connect without a time-out is found.
fn lines(code: &str) -> Vec<usize> {
    audited(code, Tests::LeaveOut).findings.iter().map(|finding| finding.line).collect()
}

const CONNECTS: [&str; 14] = [
    "async fn a() { tokio::net::TcpStream::connect(x).await; }",
    "use tokio::net::TcpStream; async fn a() { TcpStream::connect(x).await; }",
    "use tokio::net::TcpStream as Wire; async fn a() { Wire::connect(x).await; }",
    "use tokio::{net, time}; async fn a() { net::TcpStream::connect(x).await; }",
    "use tokio::net::{self as wires}; async fn a() { wires::TcpStream::connect(x).await; }",
    "use tokio::net::*; async fn a() { TcpStream::connect(x).await; }",
    "extern crate tokio as t; async fn a() { t::net::TcpStream::connect(x).await; }",
    "async fn a() { use tokio::net::TcpStream; TcpStream::connect(x).await; }",
    "mod net { pub use tokio::net::TcpStream; } async fn a() { self::net::TcpStream::connect(x).await; }",
    "mod net { pub use tokio::net::TcpStream; } mod b { async fn a() { crate::net::TcpStream::connect(x).await; } }",
    "use tokio::net::TcpStream; mod b { async fn a() { super::TcpStream::connect(x).await; } }",
    "use tokio::net::TcpStream; mod b { mod c { use super::super::*; async fn a() { TcpStream::connect(x).await; } } }",
    "type Wire = tokio::net::TcpStream; async fn a() { Wire::connect(x).await; }",
    "use ::std::net::TcpStream; fn a() { TcpStream::connect(x); }",
];

#[test]
fn a_call_is_known_by_whatever_name_it_came_in() {
    for code in CONNECTS {
        assert_eq!(lines(code), [1], "{code}");
    }
}

/// Each glob that names nothing of this file was once looked up in all others, again and again: `12.pow(12)` steps.
#[test]
fn globs_of_whatever_number_end() {
    let unknown: String = (0..12).map(|number| format!("use a{number}::b::*; ")).collect();
    let circle = "mod a { pub use super::b::*; } mod b { pub use super::a::*; pub use tokio::net::*; } ";
    let call = "async fn c() { TcpStream::connect(x).await; }";
    assert_eq!(lines(&format!("{unknown}{call}")), [0; 0]);
    assert_eq!(lines(&format!("{unknown}use tokio::net::*; {call}")), [1]);
    assert_eq!(
        lines(&format!("{unknown}use tokio::*; use net::*; {call}")),
        [1],
        "a glob may lead to a glob"
    );
    assert_eq!(
        lines(&format!("{circle}use a::*; {call}")),
        [0; 0],
        "it is not asked what a glob of a glob brings"
    );
    assert_eq!(
        lines(&format!("use core::fmt::*; use tokio::net::*; {call}")),
        [1],
        "core::fmt brings no socket"
    );
    let in_block = "async fn c() { use tokio::*; use net::*; TcpStream::connect(x).await; }";
    assert_eq!(lines(&format!("{unknown}{in_block}")), [1]);
}

#[test]
fn another_thing_of_that_name_is_another_thing() {
    for code in [
        "struct TcpStream; async fn a() { TcpStream::connect(x).await; }",
        "use radio::TcpStream; async fn a() { TcpStream::connect(x).await; }",
        "use tokio::net::*; use radio::TcpStream; async fn a() { TcpStream::connect(x).await; }",
        "use tokio::net::*; struct TcpStream; async fn a() { TcpStream::connect(x).await; }",
        "use tokio::net::TcpStream; async fn a() { struct TcpStream; TcpStream::connect(x).await; }",
        "use tokio::net::TcpStream; async fn a() { use radio::TcpStream; TcpStream::connect(x).await; }",
        "mod tokio { pub mod net { pub struct TcpStream; } } async fn a() { tokio::net::TcpStream::connect(x).await; }",
        "use tokio::net::TcpStream; mod b { async fn a() { TcpStream::connect(x).await; } }",
        "mod net { pub struct TcpStream; } use tokio::net::TcpStream; async fn a() { crate::net::TcpStream::connect(x).await; }",
        "async fn a() { TcpStream::connect(x).await; }",
        "async fn a() { stream.connect(x).await; }",
        "// tokio::net::TcpStream::connect(x)\nconst A: &str = \"tokio::net::TcpStream::connect(x)\";",
        "use a::b; use b::a; async fn f() { a::c(x).await; b::c(x).await; }",
    ] {
        assert_eq!(lines(code), [], "{code}");
    }
}

#[test]
fn what_stands_in_a_macro_is_read() {
    for (code, found) in [
        ("fn a() { vec![std::net::TcpStream::connect(x)]; }", true),
        ("fn a() { assert!(std::net::TcpStream::connect(x).is_ok()); }", true),
        ("async fn a() { tokio::join!(tokio::net::TcpStream::connect(x), b()); }", true),
        ("async fn a() { tokio::join!(async { vec![tokio::net::TcpStream::connect(x).await] }); }", true),
        ("fn a() { quote! { std::net::TcpStream::connect(x) } }", false),
        ("macro_rules! a { () => { std::net::TcpStream::connect(x) } }", false),
    ] {
        assert_eq!(!lines(code).is_empty(), found, "{code}");
    }
    // The call is read, and so is that it is one of several that are waited for.
    let code = "async fn a() { loop { tokio::select! { biased; r = b(), if c => { tokio::time::sleep(d).await; } \
                Some(x) = e() => std::net::TcpStream::connect(x)?, else => break, } } }";
    let audit = audited(code, Tests::LeaveOut);
    let found: Vec<_> = audit.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(found, ["latency::blocking-in-async"]);
}

/// Whether the receiver of `write_all` is known to be a socket.
fn is_socket(code: &str) -> bool {
    let audit = audited(code, Tests::LeaveOut);
    audit.findings.iter().any(|finding| finding.rule.id == "reliable::remote-unwrap")
}

#[test]
fn types_are_looked_up_one_declaration_away() {
    let head = "use std::net::TcpStream; use std::io::BufWriter; use std::sync::{Arc, Mutex};\n";
    for code in [
        "fn a(s: &mut TcpStream) { s.write_all(b).unwrap(); }",
        "fn a(s: Option<Box<TcpStream>>) { let s = s.unwrap(); s.write_all(b).unwrap(); }",
        "struct L { s: TcpStream } impl L { fn a(&mut self) { self.s.write_all(b).unwrap(); } }",
        "struct L { s: BufWriter<TcpStream> } fn a(l: &mut L) { l.s.write_all(b).unwrap(); }",
        "struct L(TcpStream); impl L { fn a(&mut self) { self.0.write_all(b).unwrap(); } }",
        "fn dial() -> io::Result<TcpStream> { loop {} } fn a() { let s = dial()?; s.write_all(b).unwrap(); }",
        "struct L; impl L { fn dial(&self) -> TcpStream { loop {} } } fn a(l: L) { l.dial().write_all(b).unwrap(); }",
        "fn a(l: std::net::TcpListener) { let (s, _) = l.accept()?; s.write_all(b).unwrap(); }",
        "fn a(l: std::net::TcpListener) { if let Ok((s, _)) = l.accept() { s.write_all(b).unwrap(); } }",
        "fn a(m: Arc<Mutex<TcpStream>>) { m.lock().unwrap().write_all(b).unwrap(); }",
        "struct L { m: Mutex<TcpStream> } impl L { fn a(&self) { let s = self.m.lock()?; s.write_all(b).unwrap(); } }",
        "fn a(s: TcpStream) { let s = BufWriter::new(s); s.write_all(b).unwrap(); }",
        "fn a(s: TcpStream) { let c = move || { s.write_all(b).unwrap(); }; }",
    ] {
        assert!(is_socket(&format!("{head}{code}")), "{code}");
    }
    for code in [
        "fn a(s: TcpStream) { let s = Vec::new(); s.write_all(b).unwrap(); }",
        "fn a(s: TcpStream) { { let t = s; } for s in files { s.write_all(b).unwrap(); } }",
        "fn a(s: TcpStream) { each(|s| { s.write_all(b).unwrap(); }); }",
        "fn a(s: TcpStream) { if let Some(s) = file() { s.write_all(b).unwrap(); } }",
        "fn a(s: TcpStream) { fn c(s: &mut File) { s.write_all(b).unwrap(); } }",
        "fn a(s: TcpStream) { match b { E { s } => s.write_all(b).unwrap() } }",
        "fn a(s: s) { let s = s; let s = s.s(); s.write_all(b).unwrap(); }",
        "fn a() { if let Some(s) = TcpStream::open() { c(); } s.write_all(b).unwrap(); }",
    ] {
        assert!(!is_socket(&format!("{head}{code}")), "{code}");
    }
}

#[test]
fn test_code_is_left_out_unless_it_is_asked_for() {
    let connect = "std::net::TcpStream::connect(x);";
    for code in [
        format!("#[cfg(test)] mod a {{ fn a() {{ {connect} }} }}"),
        format!("mod tests {{ fn a() {{ {connect} }} }}"),
        format!("#[test] fn a() {{ {connect} }}"),
        format!("#[tokio::test] async fn a() {{ {connect} }}"),
        format!("struct A; impl A {{ #[cfg(test)] fn a() {{ {connect} }} }}"),
        format!("#![cfg(test)] fn a() {{ {connect} }}"),
        format!("fn client_for_test() {{ {connect} }}"),
        format!("#[cfg(all(test, unix))] impl A {{ fn a() {{ {connect} }} }}"),
    ] {
        assert!(audited(&code, Tests::LeaveOut).findings.is_empty(), "{code}");
        let audit = audited(&code, Tests::Include);
        assert!(!audit.findings.is_empty(), "{code}");
        let is_quiet = |finding: &constellation_audit::Finding| {
            finding.level == Level::Info && finding.setting == Setting::Test
        };
        assert!(audit.findings.iter().all(is_quiet), "{code}");
    }
    let code = format!("#[cfg(not(test))] fn a() {{ {connect} }}");
    assert_eq!(audited(&code, Tests::LeaveOut).findings.len(), 1);
}

#[test]
fn a_place_is_counted_in_lines_and_characters() {
    let told = |code: &str| {
        let audit = audited(code, Tests::LeaveOut);
        let found = &audit.findings[0];
        (found.line, found.column, code[found.span.clone()].to_owned())
    };
    let call = "std::net::TcpStream::connect(x)".to_owned();
    assert_eq!(told("fn a() { std::net::TcpStream::connect(x); }"), (1, 10, call.clone()));
    assert_eq!(
        told("\u{feff}fn a() {\r\n  /* äöü😀 */ std::net::TcpStream::connect(x);\r\n}"),
        (2, 14, call.clone())
    );
    assert_eq!(
        told("#!/usr/bin/env run\nfn a() { std::net::TcpStream::connect(x); }"),
        (2, 10, call.clone())
    );
    assert_eq!(told("#![allow(dead_code)]\nfn a() { std::net::TcpStream::connect(x); }"), (2, 10, call));
}

/// How many findings count.
fn loud(code: &str) -> usize {
    audited(code, Tests::LeaveOut).findings.iter().filter(|finding| finding.level >= Level::Warn).count()
}

#[test]
fn another_layer_that_limits_bodies_replaces_the_one_that_is_switched_off() {
    let off = "use axum::extract::DefaultBodyLimit; fn a(r: Router) -> Router { r.layer(DefaultBodyLimit::disable()) }";
    assert_eq!(loud(off), 1);
    assert_eq!(loud(&off.replace("disable())", "disable()).layer(RequestBodyLimitLayer::new(MAX))")), 0);
    assert_eq!(
        loud(&off.replace("{ r.layer", "{ if no_size_limit { return r.layer").replace(" }", " } r }")),
        0
    );
}

/// How many findings there are, of whatever level.
fn told(code: &str) -> usize {
    audited(code, Tests::LeaveOut).findings.len()
}

#[test]
fn a_program_that_serves_nobody_may_end_with_a_panic() {
    let asks = "fn ask(url: &str) -> Reply { reqwest::blocking::get(url).unwrap() }";
    assert_eq!(told(asks), 1);
    assert_eq!(told(&format!("{asks} fn main() {{ ask(HOME); }}")), 0);
    assert_eq!(told(&format!("{asks} fn main() {{ serve(ask(HOME)); }}")), 1);
}

#[test]
fn a_channel_over_a_connector_of_ones_own_has_the_limits_of_that() {
    let dial = "use tonic::transport::Endpoint; async fn a(p: P) -> C { Endpoint::from_static(\"http://a\").connect_lazy() }";
    assert_eq!(loud(dial), 1);
    assert_eq!(loud(&dial.replace("connect_lazy()", "connect_with_connector(p).await")), 0);
}

/// However the address of this machine is written, no packet to it is lost on the way.
#[test]
fn a_connect_to_this_machine_needs_no_time_out() {
    for address in [
        "\"127.0.0.1:80\"",
        "\"localhost:80\"",
        "(\"::1\", 80)",
        "(Ipv4Addr::LOCALHOST, 80)",
        "SocketAddr::from(([127, 0, 0, 1], 80))",
        "HERE",
        "(HOST, 80)",
        "places::HERE",
    ] {
        let code = format!(
            "const HERE: &str = \"localhost:80\"; const HOST: &str = \"::1\"; mod places {{ pub const HERE: &str = \"127.0.0.1:1\"; }}\n\
             fn a() {{ std::net::TcpStream::connect({address}); }}"
        );
        assert_eq!(lines(&code), [0; 0], "{address}");
    }
    for address in ["THERE", "SocketAddr::from(([10, 0, 0, 127], 80))", "(\"::2\", 80)", "HERE"] {
        let code = format!(
            "const THERE: &str = \"relay:80\"; const HERE: &str = \"localhost:80\";\n\
             fn a(HERE: &str) {{ std::net::TcpStream::connect({address}); }}"
        );
        assert_eq!(lines(&code), [2], "{address}");
    }
}
