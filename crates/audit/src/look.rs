//! What rules look at: one walk over a file stops at each such place and shows it to every rule that asked.

use std::collections::BTreeSet;
use std::ops::Range;

use proc_macro2::Span;
use syn::{Expr, ExprBinary, ExprCall, ExprMethodCall, Ident, ItemEnum, ItemImpl, ItemStruct, LitStr, Macro};

use crate::bodies::Body;
use crate::family::Family;
use crate::finding::Level;
use crate::rule::Rule;
use crate::scope::{Function, Loop, Scope};

/// What a rule does at a call of a path.
pub(crate) type OnCall = for<'a> fn(&Call<'a>, &Scope<'a>, &mut Found);

/// What a rule does at a call of a method.
pub(crate) type OnMethod = for<'a> fn(&Method<'a>, &Scope<'a>, &mut Found);

/// A kind of place, and what a rule does there.
pub(crate) enum Look {
    /// `path(…)`
    Call(OnCall),
    /// `receiver.name(…)`
    Method(OnMethod),
    /// `path!(…)`
    Macro(for<'a> fn(&Invoked<'a>, &Scope<'a>, &mut Found)),
    /// `"…"`, where it is an expression.
    Text(for<'a> fn(&'a LitStr, &Scope<'a>, &mut Found)),
    /// `a + b`, `a < b` and the like.
    Binary(for<'a> fn(&'a ExprBinary, &Scope<'a>, &mut Found)),
    /// `loop`, `while`, `for`.
    Loop(for<'a> fn(&Loop<'a>, &Scope<'a>, &mut Found)),
    /// A function with a body, before what is in it.
    Function(for<'a> fn(&Function<'a>, &Scope<'a>, &mut Found)),
    /// A `struct`.
    Struct(for<'a> fn(&'a ItemStruct, &Scope<'a>, &mut Found)),
    /// An `enum`.
    Enum(for<'a> fn(&'a ItemEnum, &Scope<'a>, &mut Found)),
    /// A value where it is given a name, after what is in it.
    Named(for<'a> fn(&Named<'a>, &Scope<'a>, &mut Found)),
    /// An `impl`, before what is in it.
    Impl(for<'a> fn(&'a ItemImpl, &Scope<'a>, &mut Found)),
}

/// A call of a path.
pub(crate) struct Call<'a> {
    pub(crate) expr: &'a ExprCall,
    /// The full path: `tokio::net::TcpStream::connect`.
    pub(crate) path: String,
    /// Where the path stands.
    pub(crate) span: Span,
}

/// A call of a method.
pub(crate) struct Method<'a> {
    pub(crate) expr: &'a ExprMethodCall,
    /// What it is called.
    pub(crate) name: String,
}

/// A macro, with what is in it if that could be read.
pub(crate) struct Invoked<'a> {
    pub(crate) expr: &'a Macro,
    /// The last piece of its path.
    pub(crate) name: String,
    pub(crate) body: Option<&'a Body>,
}

/// A value that is given a name.
pub(crate) struct Named<'a> {
    /// None of a pattern that is more than a name.
    pub(crate) name: Option<&'a Ident>,
    pub(crate) by: By,
    /// What stands where the name does: a pattern, a field, what is assigned to.
    pub(crate) place: Span,
    pub(crate) value: &'a Expr,
}

/// How a value is given a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum By {
    /// `let name = value`
    Let,
    /// `const NAME: Type = value`, and `static`.
    Constant,
    /// `Type { name: value }`
    Field,
    /// `self.name = value`
    Assignment,
}

/// What the rules found so far in one file.
#[derive(Default)]
pub(crate) struct Found {
    /// By which rule something is found now.
    pub(crate) rule: Option<&'static Rule>,
    pub(crate) raw: Vec<Raw>,
    /// The places that were looked at, each once a family.
    pub(crate) looked: BTreeSet<(Family, usize)>,
}

/// What is found before it is known where its lines are.
pub(crate) struct Raw {
    pub(crate) rule: &'static Rule,
    pub(crate) level: Level,
    pub(crate) span: Range<usize>,
    pub(crate) here: String,
    pub(crate) within: String,
    pub(crate) setting: crate::finding::Setting,
}

impl Found {
    /// Counts a place that a rule knows to be of its kind, whatever comes of it. Said before any `return` that acquits it.
    pub(crate) fn looked(&mut self, span: Span) {
        if let Some(rule) = self.rule {
            self.looked.insert((rule.family, span.byte_range().start));
        }
    }

    /// Something is found here, and counts as much as the rule does.
    pub(crate) fn say(&mut self, span: Span, scope: &Scope<'_>, here: impl Into<String>) {
        if let Some(rule) = self.rule {
            self.say_at(rule.level, span, scope, here);
        }
    }

    /// Something is found here that counts less than the rule does.
    pub(crate) fn say_at(&mut self, level: Level, span: Span, scope: &Scope<'_>, here: impl Into<String>) {
        let Some(rule) = self.rule else { return };
        let within = scope.function().map_or(String::new(), |function| function.name.clone());
        let (span, setting, here) = (scope.source.range(span), scope.setting, here.into());
        self.raw.push(Raw { rule, level, span, here, within, setting });
    }
}
