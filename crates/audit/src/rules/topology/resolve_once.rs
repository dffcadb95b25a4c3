//! A name that is asked for once: the rule `topology::resolve-once`.

use syn::Expr;

use crate::look::{By, Found, Look, Method, Named};
use crate::syntax::span;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "topology::resolve-once",
    family: Family::Topology,
    level: Level::Info,
    title: "a name that is turned into an address once and for ever",
    page: Page {
        why: "A name is there so that what is behind it can move. Whoever keeps the address goes on asking \
              where it was.",
        incident: "The relay moves and its name says so. Stations that were started before go on calling the \
                   old machine, until each is restarted.",
        instead: "keep the name, and ask for the address with each connect",
        better: "let stream = TcpStream::connect((&*self.host, self.port)).await?;",
        alike: &[
            "an address that is used at once and not kept",
            "a name that is asked for in the loop that connects again",
        ],
        allow: "If the program lives shorter than an address, say so.",
        shows: &[],
        unshown: "stations here are called by name, and a name leads to its station always",
        links: &[],
    },
    looks: &[Look::Named(look_named), Look::Method(look_method)],
};

const ASKS: [&str; 3] = ["to_socket_addrs", "lookup_host", "resolve_host"];

fn look_named<'a>(named: &Named<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !matches!(named.by, By::Field | By::Constant | By::Assignment) {
        return;
    }
    // What is assigned to a variable is kept no longer than that.
    let is_kept =
        named.by != By::Assignment || scope.source.text[scope.source.range(named.place)].contains('.');
    let steps = scope.made_of(named.value);
    // An address is taken out of what was found; a stream that was connected to it is none.
    let asks = |expr: &&Expr| {
        let Expr::MethodCall(call) = expr else { return false };
        const TAKES: [&str; 6] = ["next", "nth", "last", "find", "collect", "to_socket_addrs"];
        let range = scope.source.range(span(*expr));
        let range = range.start..range.end.min(scope.source.range(call.method.span()).end);
        TAKES.iter().any(|name| call.method == name)
            && ASKS.iter().any(|name| scope.source.has_name(&range, name))
    };
    if is_kept && steps.last().is_some_and(asks) {
        found.looked(named.place);
        let here = "this keeps where the name led when it was asked: who asks again when it moves?";
        found.say(named.place, scope, here);
    }
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !matches!(&*method.name, "get_or_init" | "get_or_try_init") {
        return;
    }
    let range = scope.source.range(span(&method.expr.args));
    if ASKS.iter().any(|name| scope.source.has_name(&range, name)) {
        found.looked(method.expr.method.span());
        found.say(method.expr.method.span(), scope, "this asks for the name once in the life of the program");
    }
}
