//! Whether the other side is this machine, and whether who calls a function ends its wait.

use syn::Expr;

use crate::effort;
use crate::scope::{Scope, Typed};
use crate::syntax::{any_expr, called, ends_with, peel, span, text, variable};
use crate::words::says;

/// Whether an address is on this machine: a loopback literal, what was made of one, or what a listener says of itself.
pub(crate) fn is_own<'a>(address: &'a Expr, scope: &Scope<'a>) -> bool {
    let mut made_of = scope.made_of(address);
    // `localhost:8080`, or its host alone, may have a name of its own.
    let named = made_of.last().map(|last| match last {
        Expr::Tuple(pair) => pair.elems.first().unwrap_or(last),
        last => last,
    });
    made_of.extend(named.and_then(|named| scope.constant(named)));
    let last = made_of.last().copied();
    made_of.iter().copied().any(is_loopback)
        || last.is_some_and(|last| resolved_of(last, scope).is_some_and(is_loopback))
        || says_host(scope)
        || is_of_daemon(&made_of, scope)
        || starts_the_other(address, scope)
}

fn is_loopback(address: &Expr) -> bool {
    match peel(address) {
        Expr::Tuple(pair) => pair.elems.first().is_some_and(is_loopback),
        Expr::Path(path) => ends_with(&path.path, "LOCALHOST"),
        Expr::Call(call) => call.args.first().is_some_and(is_loopback),
        Expr::MethodCall(call) => call.method == "local_addr",
        // The octets of `127.0.0.1`.
        Expr::Array(octets) => octets.elems.first().is_some_and(|first| {
            matches!(first, Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(first), .. }) if first.base10_digits() == "127")
        }),
        Expr::Macro(made) if ends_with(&made.mac.path, "format") => made
            .mac
            .tokens
            .clone()
            .into_iter()
            .next()
            .is_some_and(|first| first.to_string().strip_prefix('"').is_some_and(is_loopback_text)),
        other => text(other).is_some_and(|text| is_loopback_text(&text.value())),
    }
}

fn is_loopback_text(text: &str) -> bool {
    text == "localhost"
        || text == "::1"
        || ["127.", "localhost:", "[::1]"].iter().any(|own| text.starts_with(own))
}

/// Whether the function names this machine as libpq does, `host=localhost`.
fn says_host(scope: &Scope<'_>) -> bool {
    scope.function().is_some_and(|function| {
        let text = &scope.source.text[function.span.clone()];
        ["\"host=localhost", "\"host=127."].iter().any(|own| text.contains(own))
    })
}

/// Whether an address is that of a daemon, which is on the machine of who asks it: it says so, or who asks does. A daemon itself
/// asks other machines, so that its own name says nothing.
fn is_of_daemon(made_of: &[&Expr], scope: &Scope<'_>) -> bool {
    const ASKS: [&str; 9] =
        ["client", "rpc", "call", "ask", "request", "query", "connect", "connection", "ping"];
    const KEPT_HERE: [&str; 3] = ["port_file", "portfile", "socket_path"];
    let asks = |name: &str| says(name, &["daemon"]) && says(name, &ASKS);
    let says_so = |step: &&Expr| {
        let place = scope.source.range(span(*step));
        scope.source.mentions(&place, &["daemon"])
            || KEPT_HERE.iter().any(|name| scope.source.has_name(&place, name))
    };
    if made_of.iter().any(|step| is_of_others(step)) {
        return false;
    }
    let owner = made_of.last().and_then(|last| owner_of(last, scope));
    made_of.iter().any(says_so)
        || owner.is_some_and(|owner| asks(owner.path.rsplit("::").next().unwrap_or_default()))
        || scope.function().is_some_and(|function| asks(&function.name))
        || made_of.iter().any(|step| is_told_daemons(step, scope))
}

/// Whether something is called as what is on other machines.
fn is_of_others(step: &Expr) -> bool {
    const OTHERS: [&str; 5] = ["peer", "peers", "remote", "upstream", "leader"];
    called(step).is_some_and(|name| says(&name.to_string(), &OTHERS))
}

/// Whether the function around gives the same variable to one that says what is there: `is_daemon_running(&address)`.
fn is_told_daemons(address: &Expr, scope: &Scope<'_>) -> bool {
    let (Some(name), Some(function)) = (variable(address), scope.function()) else { return false };
    scope.mentions(&["daemon"])
        && any_expr(function.block, |expr| match expr {
            Expr::Call(call) => {
                called(&call.func).is_some_and(|called| says(&called.to_string(), &["daemon"]))
                    && call.args.iter().any(|given| variable(peel(given)) == Some(name))
            }
            _ => false,
        })
}

/// The type of the variable that something is read from, as that of `server` in `server.port()`.
fn owner_of(expr: &Expr, scope: &Scope<'_>) -> Option<Typed> {
    let mut expr = peel(expr);
    while variable(expr).is_none() && effort::spend(1) {
        expr = peel(match expr {
            Expr::Field(field) => &field.base,
            Expr::Index(index) => &index.expr,
            Expr::MethodCall(call) => &call.receiver,
            Expr::Call(call) => call.args.first()?,
            Expr::Tuple(pair) => pair.elems.first()?,
            _ => return None,
        });
    }
    scope.type_of(expr)
}

/// Whether a stream goes to this machine, as its connect says.
pub(crate) fn leads_here<'a>(stream: &'a Expr, scope: &Scope<'a>) -> bool {
    match scope.made_of(stream).last() {
        Some(Expr::Call(call)) => call.args.first().is_some_and(|address| is_own(address, scope)),
        _ => false,
    }
}

/// What was resolved, of `name.to_socket_addrs()?.next()`.
fn resolved_of<'a>(expr: &'a Expr, scope: &Scope<'a>) -> Option<&'a Expr> {
    const CALLS_MAX: usize = 6;
    let mut expr = peel(expr);
    for _ in 0..CALLS_MAX {
        match expr {
            Expr::MethodCall(call) if call.method == "to_socket_addrs" => return Some(peel(&call.receiver)),
            Expr::MethodCall(call) if matches!(&*call.method.to_string(), "next" | "find" | "into_iter") => {
                expr = scope.made_of(&call.receiver).last()?;
            }
            _ => return None,
        }
    }
    None
}

/// Whether this file starts the other side itself, as a process that it ends: then both are on one machine. What else such a
/// file asks may be anywhere, so that the address, or the stream, must be of the child or of what owns it.
pub(crate) fn starts_the_other<'a>(asked: &'a Expr, scope: &Scope<'a>) -> bool {
    let whole = 0..scope.source.text.len();
    if !["Child", "kill"].iter().all(|name| scope.source.has_name(&whole, name)) {
        return false;
    }
    let made_of = scope.made_of(asked);
    let is_others = made_of.iter().any(|step| is_of_others(step));
    let is_of_child = |step: &Expr| {
        let says_child = || scope.source.mentions(&scope.source.range(span(step)), &["child"]);
        let is_of_owner = || owner_of(step, scope).is_some_and(|owner| owns_child(&owner, scope, 0));
        says_child() || is_of_owner()
    };
    !is_others && made_of.into_iter().any(is_of_child)
}

/// Whether a type of this file holds a process, itself or in a field of a field.
fn owns_child(owner: &Typed, scope: &Scope<'_>, depth: usize) -> bool {
    const DEPTH_MAX: usize = 2;
    let fields = scope.outline.fields.get(&owner.path).into_iter().flatten();
    depth < DEPTH_MAX
        && fields
            .take_while(|_| effort::spend(1))
            .filter_map(|field| scope.typed(&field.what.ty))
            .any(|held| held.path.rsplit("::").next() == Some("Child") || owns_child(&held, scope, depth + 1))
}

/// How far before a call a time-out around it is looked for, in bytes.
const AROUND_MAX: usize = 2_000;

/// Whether this file calls the function around what is looked at, and each time with a time-out around the call.
pub(crate) fn callers_end_it(scope: &Scope<'_>) -> bool {
    let Some(function) = scope.function() else { return false };
    let text = scope.source.text;
    let name = function.name.to_string();
    let mut is_called = false;
    for at in scope.source.named(&name).iter().map(|place| place.start).take_while(|_| effort::spend(1)) {
        let before = text[..at].trim_end();
        let is_call = text[at + name.len()..].trim_start().starts_with(['(', ':']) && !before.ends_with("fn");
        if !is_call {
            continue;
        }
        if !is_limited(text, at) {
            return false;
        }
        is_called = true;
    }
    is_called
}

/// Whether a bracket that is open here is one of `timeout(…)`.
fn is_limited(text: &str, at: usize) -> bool {
    let mut depth = 0_usize;
    for (back, byte) in text.as_bytes()[..at].iter().rev().take(AROUND_MAX).enumerate() {
        match byte {
            b')' | b'}' | b']' => depth += 1,
            b'{' | b'[' | b'(' if depth > 0 => depth -= 1,
            b'(' => {
                let name = text[..at - back - 1].trim_end();
                if ["timeout", "timeout_at"].iter().any(|limit| name.ends_with(limit)) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// Whether what is looked at is built for a browser alone, which has its own connections and limits.
pub(crate) fn is_for_browsers(scope: &Scope<'_>) -> bool {
    let Some(function) = scope.function() else { return false };
    let before = scope.source.text[..function.span.start].trim_end();
    // The attributes of the function stand behind the end of what is before it.
    let own = before.rfind(['}', ';']).map_or(before, |end| &before[end..]);
    let is_built =
        ["target_arch = \"wasm32\"", "target_family = \"wasm\""].iter().any(|built| own.contains(built));
    let whole = 0..scope.source.text.len();
    // Tokio has a function of that name, too, for servers.
    let is_spawned = scope.source.has_name(&whole, "spawn_local") && !scope.source.has_name(&whole, "tokio");
    is_built && !own.contains("not(") || is_spawned
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::is_limited;
    use crate::{Options, audit_text};

    #[test]
    fn a_server_that_the_file_starts_itself_is_on_this_machine() {
        let code = "fn port(server: &Server) -> u16 { std::net::TcpStream::connect(server.address).unwrap().port() }";
        let told = |code: &str| {
            let audit = audit_text(Path::new("src/kit.rs"), code.as_bytes(), &Options::default());
            audit.findings.len()
        };
        assert_eq!(told(code), 2);
        let harness = "struct Server { child: std::process::Child }\n\
                       impl Drop for Server { fn drop(&mut self) { self.child.kill().ok(); } }";
        assert_eq!(told(&format!("{harness}\n{code}")), 0);
    }

    #[test]
    fn a_supervisor_that_dials_other_machines_is_told() {
        let told = |code: &str| {
            let audit = audit_text(Path::new("src/kit.rs"), code.as_bytes(), &Options::default());
            audit.findings.iter().filter(|found| found.rule.id == "reliable::connect-no-timeout").count()
        };
        let supervisor = "struct Supervisor { children: Vec<std::process::Child>, peers: Vec<String> }\n\
                          impl Supervisor { fn stop(&mut self) { for child in &mut self.children { child.kill(); } }\n\
                          fn join(&self, peer: &str) { std::net::TcpStream::connect(peer); }\n\
                          fn first(&self) { std::net::TcpStream::connect(&self.peers[0]); } }";
        assert_eq!(told(supervisor), 2);
        assert_eq!(told(&supervisor.replace("peer: &str) { ", "peer: &str) { self.daemonize(); ")), 2);
        // A daemon asks others as any node does.
        let dial = "std::net::TcpStream::connect";
        let daemon =
            format!("struct Daemon {{ at: String }} impl Daemon {{ fn run(&self) {{ {dial}(&self.at); }} }}");
        assert_eq!(told(&daemon), 1);
        assert_eq!(told(&format!("fn dial(daemon: &Daemon) {{ {dial}(&daemon.peers[0]); }}")), 1);
    }

    #[test]
    fn a_daemon_that_is_asked_is_on_this_machine() {
        for code in [
            "struct DaemonClient { at: String } impl DaemonClient { fn send(&self) { DIAL(&self.at); } }",
            "fn wait(at: &str) { if !is_daemon_up(at) { DIAL(at); } }",
            "fn ask_daemon(state: &State) { DIAL(&state.socket_address); }",
            "fn send(daemon_address: &str) { DIAL(daemon_address); }",
        ] {
            let code = code.replace("DIAL", "std::net::TcpStream::connect");
            let audit = audit_text(Path::new("src/kit.rs"), code.as_bytes(), &Options::default());
            assert!(audit.findings.is_empty(), "{code}");
        }
    }

    #[test]
    fn a_local_task_of_tokio_is_in_no_browser() {
        let found = |uses: &str| {
            let code = format!("{uses}\nfn a() {{ spawn_local(b()); let client = reqwest::Client::new(); }}");
            audit_text(Path::new("src/a.rs"), code.as_bytes(), &Options::default()).findings.len()
        };
        assert_eq!((found("use tokio::task::spawn_local;"), found("use leptos::spawn_local;")), (1, 0));
    }

    #[test]
    fn a_time_out_around_a_call_is_seen_through_blocks() {
        let is = |text: &str| is_limited(text, text.find("join(").expect("it is there"));
        assert!(is("timeout(D, join(peer)).await"));
        assert!(is("time::timeout(D, async { log(peer); join(peer).await }).await"));
        assert!(!is("timeout(D, other(peer)).await?; join(peer).await"));
        assert!(!is("fn all() { log(join(peer).await) }"));
    }
}
