//! A limit that was there is taken away: the rule `bandwidth::limit-disabled`.

use syn::Expr;

use crate::look::{Call, Found, Look, Method};
use crate::syntax::{called, span};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "bandwidth::limit-disabled",
    family: Family::Bandwidth,
    level: Level::Warn,
    title: "a limit of size that is switched off",
    page: Page {
        why: "Libraries limit what they take from strangers so that nobody has to think of it. Without the \
              limit a stranger decides how much memory is used.",
        incident: "Uploads of 3 MB are refused, so the limit is taken away. Months later somebody sends 30 \
                   GB.",
        instead: "name the largest size that is right, however large it is",
        better: "DefaultBodyLimit::max(8 << 20)",
        alike: &[
            "any number",
            "a client of a server that it trusts: told at `info`",
            "`DefaultBodyLimit` in a file that sets `RequestBodyLimitLayer` instead",
            "a limit that a setting takes away: told at `info`",
            "more than one limit in one function: the first is told",
            "a limit that is taken away here and set by a layer elsewhere, which this does not see",
        ],
        allow: "If another layer sets the limit, say which.",
        shows: &[],
        unshown: "no run here counts the memory of a machine",
        links: &[],
    },
    looks: &[Look::Call(look_call), Look::Method(look_method)],
};

const LIMITS: [&str; 9] = [
    "max_decoding_message_size",
    "max_message_size",
    "max_frame_size",
    "max_frame_length",
    "max_length",
    "max_request_body_size",
    "max_receive_message_length",
    "set_max_message_size",
    "max_packet_size",
];

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    if scope.knowledge.function(&call.path).is_some_and(|act| act.kind == "unlimited") {
        found.looked(call.span);
        let whole = 0..scope.source.text.len();
        // Another layer has a limit, more often than not the next.
        if scope.source.has_name(&whole, "RequestBodyLimitLayer") {
            return;
        }
        if is_asked_for(scope) {
            let here = "a setting takes the limit away: is it told when it is set?";
            found.say_at(Level::Info, span(call.expr), scope, here);
        } else {
            found.say(span(call.expr), scope, "from here on a body may be of any length");
        }
    }
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !LIMITS.contains(&&*method.name) {
        return;
    }
    let Some(limit) = method.expr.args.first() else { return };
    found.looked(method.expr.method.span());
    let limit = match limit {
        Expr::Call(call) if called(&call.func).is_some_and(|name| name == "Some") => call.args.first(),
        other => Some(other),
    };
    let is_none = limit.and_then(called).is_some_and(|name| name == "MAX" || name == "None");
    if !is_none || is_told(scope, found) {
        return;
    }
    if is_client(&method.expr.receiver, scope) {
        let here = "the answer of a server may be of any length: is it one that this client trusts?";
        found.say_at(Level::Info, span(method.expr), scope, here);
    } else {
        found.say(span(method.expr), scope, "from here on a message may be of any length");
    }
}

/// Whether this function was told of already: who takes away one limit means it for all that stand around.
fn is_told(scope: &Scope<'_>, found: &Found) -> bool {
    let Some(function) = scope.function() else { return false };
    found.raw.iter().any(|raw| raw.rule.id == RULE.id && function.span.contains(&raw.span.start))
}

/// Whether what is made here asks, by its name, and does not answer.
fn is_client(receiver: &Expr, scope: &Scope<'_>) -> bool {
    scope.source.mentions(&scope.source.range(span(receiver)), &["client"])
}

/// Whether a condition over limits is around.
fn is_asked_for(scope: &Scope<'_>) -> bool {
    scope.around().any(|expr| match expr {
        Expr::If(found) => {
            let condition = scope.source.range(span(&*found.cond));
            scope.source.mentions(&condition, &["limit", "limits", "size", "unlimited", "max"])
        }
        _ => false,
    })
}
