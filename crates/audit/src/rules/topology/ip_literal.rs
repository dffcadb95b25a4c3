//! A machine by its number: the rule `topology::ip-literal`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use syn::{Expr, LitStr};

use crate::look::{Call, Found, Look};
use crate::rules::secure::is_compared;
use crate::syntax::{ends_with, number, span};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "topology::ip-literal",
    family: Family::Topology,
    level: Level::Info,
    title: "the address of another machine in the text of the program",
    page: Page {
        why: "An address is where a machine is today. It moves, is replaced, or gets a second one, and the \
              program knows none of that until it is built anew.",
        incident: "A controller moves to another zone and its name follows within a minute. One service calls \
                   it by number, and calls whoever has that number now.",
        instead: "use a name, or a setting",
        better: "let controller = settings.controller.to_socket_addrs()?;",
        alike: &[
            "this machine, all addresses, multicast, broadcast, link-local ones",
            "addresses for documentation, and networks such as `10.0.0.0/8`",
            "an address without a port",
            "a server for names or time, which is known by number",
            "texts that addresses are compared with, or told",
        ],
        allow: "If the address is fixed by a standard or a contract, say which.",
        shows: &[],
        unshown: "stations here are called by name, and a name leads to its station always",
        links: &[],
    },
    looks: &[Look::Text(look_text), Look::Call(look_call)],
};

fn look_text<'a>(text: &'a LitStr, scope: &Scope<'a>, found: &mut Found) {
    let value = text.value();
    let rest = value.split_once("://").map_or(&*value, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Ok(address) = authority.parse::<SocketAddr>() else { return };
    found.looked(text.span());
    let is_listed = match scope.around().next() {
        Some(Expr::Array(list)) => list.elems.len() > 1,
        // How long such a text may be.
        Some(Expr::MethodCall(call)) if call.method == "len" => return,
        Some(Expr::MethodCall(_)) => scope.around().nth(1).is_some_and(|expr| matches!(expr, Expr::Array(_))),
        _ => scope.argument_of().is_some_and(|invoked| ends_with(&invoked.path, "vec")),
    };
    // A list is one of peers, or of nothing that is asked.
    // A datagram socket that connects sends nothing: it is asked by which address it would.
    let is_route = scope.has_name(&["UdpSocket"]) && scope.has_name(&["local_addr"]);
    if !is_listed && !is_route && !is_compared(scope) {
        judge(address.ip(), u64::from(address.port()), text.span(), scope, found);
    }
}

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_address = call.path.starts_with("std::net::SocketAddr")
        && (call.path.ends_with("::new") || call.path.ends_with("::from"));
    if !is_address {
        return;
    }
    let parts: Vec<&Expr> = match call.expr.args.first() {
        Some(Expr::Tuple(pair)) => pair.elems.iter().collect(),
        _ => call.expr.args.iter().collect(),
    };
    let [ip, port, ..] = &*parts else { return };
    if let (Some(ip), Some(port)) = (written_ip(ip), number(port)) {
        found.looked(call.span);
        judge(IpAddr::V4(ip), port, span(call.expr), scope, found);
    }
}

/// `Ipv4Addr::new(10, 0, 0, 7)`, `IpAddr::V4(…)` of it, `[10, 0, 0, 7]`.
fn written_ip(expr: &Expr) -> Option<Ipv4Addr> {
    let digits: Vec<u8> = match expr {
        Expr::Call(call) if call.args.len() == 1 => return written_ip(call.args.first()?),
        Expr::Call(call) => call.args.iter().filter_map(byte).collect(),
        Expr::Array(list) => list.elems.iter().filter_map(byte).collect(),
        _ => return None,
    };
    <[u8; 4]>::try_from(digits).ok().map(Ipv4Addr::from)
}

fn byte(expr: &Expr) -> Option<u8> {
    number(expr)?.try_into().ok()
}

fn judge(ip: IpAddr, port: u64, place: proc_macro2::Span, scope: &Scope<'_>, found: &mut Found) {
    let is_nobody = match ip {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_unspecified()
                || v4.is_documentation()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_link_local()
        }
        IpAddr::V6(v6) => {
            let is_documentation = v6.segments()[..2] == [0x2001, 0x0db8];
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unicast_link_local()
                || is_documentation
        }
    };
    // Resolvers and clocks that are public are meant to be asked by number.
    if is_nobody || matches!(port, 0 | 53 | 123 | 853) {
        return;
    }
    found.say(place, scope, format!("this is whoever has the number `{ip}`, until the next build"));
}
