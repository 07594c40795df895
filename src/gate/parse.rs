//! Parses the text of a gate. Errors state the column.
//!
//! ```text
//! condition  = and-chain { "or" and-chain }
//! and-chain  = negation { "and" negation }
//! negation   = "not" negation | comparison
//! comparison = sum [ (">" | ">=" | "<" | "<=" | "==" | "!=") sum ]
//! sum        = product { ("+" | "-") product }
//! product    = factor { ("*" | "/") factor }
//! factor     = number | name | "(" condition ")" | "-" factor
//! ```

use std::fmt;

use num_rational::BigRational;

use crate::gate::condition::{Gate, Number, Relation, Sign, Truth};
use crate::gate::names::{Name, fixed, named};
use crate::rules::roster;
use crate::strict_toml::nearest;

/// Maximum length of an expression in bytes. A gate is one line of text; the limit also bounds the size of the parsed tree.
const MAX_EXPRESSION_BYTES: usize = 1000;

/// Maximum nesting depth of brackets, `not` and `-`, so that the recursive parser cannot overflow the stack. People write two
/// or three levels.
const MAX_DEPTH: usize = 50;

/// Why an expression is not a gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct GateSyntaxError {
    /// The expression.
    pub text: String,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what to write.
    pub message: String,
}

impl fmt::Display for GateSyntaxError {
    /// The message, the expression, and a caret under the column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (column, message) = (self.column, &self.message);
        write!(f, "column {column}: {message}\n  {}\n  {}^", self.shown(), " ".repeat(column - 1))
    }
}

impl GateSyntaxError {
    /// The expression, in which every control character is a blank.
    fn shown(&self) -> String {
        self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }

    /// The message and the expression on one line, for a list of faults.
    pub(crate) fn on_one_line(&self) -> String {
        let expression =
            if self.text.is_empty() { String::new() } else { format!("; the expression is `{}`", self.shown()) };
        format!("column {}: {}{expression}", self.column, self.message)
    }
}

impl Gate {
    /// Parses an expression. Set `baseline` if the run has a baseline, which names with `new.` require.
    pub fn parse(text: &str, baseline: bool) -> Result<Self, GateSyntaxError> {
        let wrong = |(column, message)| GateSyntaxError { text: text.to_owned(), column, message };
        if text.len() > MAX_EXPRESSION_BYTES {
            let message = format!("a gate has at most {MAX_EXPRESSION_BYTES} characters: write several");
            return Err(GateSyntaxError { text: String::new(), column: 1, message });
        }
        let tokens = tokens(text).map_err(wrong)?;
        let end = text.chars().count() + 1;
        let mut parser = Parser { tokens: &tokens, end, baseline, names: Vec::new(), depth: 0 };
        let node = parser.condition().and_then(|node| match parser.tokens.first() {
            None => node.truth(),
            Some((column, token)) => {
                Err((*column, format!("{token} cannot follow here: write `and` or `or` between conditions")))
            }
        });
        let condition = node.map_err(wrong)?;
        Ok(Self { text: text.to_owned(), condition, names: parser.names })
    }
}

/// A column and its error message.
type Fault = (usize, String);

#[derive(Debug, Clone, PartialEq)]
enum Token<'t> {
    Number(&'t str),
    Word(&'t str),
    Sign(&'t str),
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Number(text) | Self::Word(text) | Self::Sign(text)) = self;
        write!(f, "`{text}`")
    }
}

/// Longer ones first.
const SIGNS: [&str; 12] = [">=", "<=", "==", "!=", ">", "<", "+", "-", "*", "/", "(", ")"];

/// Operators of other languages, with the operator to write instead.
const FOREIGN: [(&str, &str); 7] =
    [("=", "=="), ("<>", "!="), ("&&", "and"), ("&", "and"), ("||", "or"), ("|", "or"), ("!", "not")];

fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, Fault> {
    let mut tokens = Vec::new();
    let (mut rest, mut column) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let is_wordly = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if first.is_ascii_digit() || first == '.' {
            let length = run(is_wordly);
            tokens.push((column, Token::Number(&rest[..length])));
            length
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = run(is_wordly);
            tokens.push((column, Token::Word(&rest[..length])));
            length
        } else if let Some((foreign, ours)) = FOREIGN
            .iter()
            .find(|(foreign, _)| rest.starts_with(foreign) && !SIGNS.iter().any(|s| starts(rest, s, foreign)))
        {
            return Err((column, format!("`{foreign}` is not a sign here: write `{ours}`")));
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push((column, Token::Sign(sign)));
            sign.len()
        } else {
            let hint = match first {
                '$' => "write the amount alone, in dollars: 50000",
                ',' => "write numbers without commas: 50000",
                '%' => "write a fraction: 0.001",
                _ => "write names, numbers, + - * /, > >= < <= == !=, and, or, not, ( )",
            };
            return Err((column, format!("`{}` has no place here: {hint}", first.escape_default())));
        };
        column += rest[..length].chars().count();
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// Does the text begin with an operator that is longer than the foreign one?
fn starts(rest: &str, sign: &str, foreign: &str) -> bool {
    rest.starts_with(sign) && sign.len() >= foreign.len()
}

/// A parsed part of the expression. Its kind decides where it is allowed.
struct Node {
    column: usize,
    what: What,
}

enum What {
    Number(Number),
    Truth(Truth),
}

impl Node {
    fn number(self) -> Result<Number, Fault> {
        match self.what {
            What::Number(number) => Ok(number),
            What::Truth(_) => Err((self.column, "this is a condition, and a number is needed".to_owned())),
        }
    }

    fn truth(self) -> Result<Truth, Fault> {
        match self.what {
            What::Truth(truth) => Ok(truth),
            What::Number(_) => Err((
                self.column,
                "this is a number, and a condition is needed: compare it, as in `deny > 0`".to_owned(),
            )),
        }
    }
}

struct Parser<'t> {
    tokens: &'t [(usize, Token<'t>)],
    /// The column after the last character.
    end: usize,
    baseline: bool,
    names: Vec<(String, Name)>,
    depth: usize,
}

impl Parser<'_> {
    fn column(&self) -> usize {
        self.tokens.first().map_or(self.end, |(column, _)| *column)
    }

    /// Takes the next token if it is one of these. Returns its column and its index in the list.
    fn take(&mut self, wanted: &[Token<'_>]) -> Option<(usize, usize)> {
        let ((column, token), rest) = self.tokens.split_first()?;
        let place = wanted.iter().position(|w| w == token)?;
        self.tokens = rest;
        Some((*column, place))
    }

    fn condition(&mut self) -> Result<Node, Fault> {
        let mut left = self.chain()?;
        while self.take(&[Token::Word("or")]).is_some() {
            let (column, right) = (left.column, self.chain()?);
            left = Node { column, what: What::Truth(Truth::Or(left.truth()?.into(), right.truth()?.into())) };
        }
        Ok(left)
    }

    fn chain(&mut self) -> Result<Node, Fault> {
        let mut left = self.negation()?;
        while self.take(&[Token::Word("and")]).is_some() {
            let (column, right) = (left.column, self.negation()?);
            left = Node { column, what: What::Truth(Truth::And(left.truth()?.into(), right.truth()?.into())) };
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Node, Fault> {
        let Some((column, _)) = self.take(&[Token::Word("not")]) else { return self.comparison() };
        let inner = self.deeper(column, Self::negation)?;
        Ok(Node { column, what: What::Truth(Truth::Not(inner.truth()?.into())) })
    }

    fn comparison(&mut self) -> Result<Node, Fault> {
        const RELATIONS: [(Token<'_>, Relation); 6] = [
            (Token::Sign(">"), Relation::Greater),
            (Token::Sign(">="), Relation::AtLeast),
            (Token::Sign("<"), Relation::Less),
            (Token::Sign("<="), Relation::AtMost),
            (Token::Sign("=="), Relation::Equal),
            (Token::Sign("!="), Relation::Unequal),
        ];
        let signs = RELATIONS.map(|(sign, _)| sign);
        let left = self.sum()?;
        let Some((_, relation)) = self.take(&signs) else { return Ok(left) };
        let (column, right) = (left.column, self.sum()?);
        let what = What::Truth(Truth::Compare(left.number()?, RELATIONS[relation].1, right.number()?));
        if let Some((column, _)) = self.take(&signs) {
            return Err((column, "one comparison cannot follow another: write `a < b and b < c`".to_owned()));
        }
        Ok(Node { column, what })
    }

    fn sum(&mut self) -> Result<Node, Fault> {
        self.signs(Self::product, &[Token::Sign("+"), Token::Sign("-")], [Sign::Plus, Sign::Minus])
    }

    fn product(&mut self) -> Result<Node, Fault> {
        self.signs(Self::factor, &[Token::Sign("*"), Token::Sign("/")], [Sign::Times, Sign::Over])
    }

    fn signs(
        &mut self,
        part: fn(&mut Self) -> Result<Node, Fault>,
        tokens: &[Token<'_>; 2],
        signs: [Sign; 2],
    ) -> Result<Node, Fault> {
        let mut left = part(self)?;
        while let Some((at, sign)) = self.take(tokens) {
            let (column, right) = (left.column, part(self)?);
            let both = Number::Both(left.number()?.into(), signs[sign], at, right.number()?.into());
            left = Node { column, what: What::Number(both) };
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Node, Fault> {
        let column = self.column();
        if self.take(&[Token::Sign("-")]).is_some() {
            let inner = self.deeper(column, Self::factor)?.number()?;
            return Ok(Node { column, what: What::Number(Number::Negative(inner.into())) });
        }
        if self.take(&[Token::Sign("(")]).is_some() {
            let inner = self.deeper(column, Self::condition)?;
            if self.take(&[Token::Sign(")")]).is_none() {
                return Err((self.column(), format!("the bracket of column {column} is not closed: write `)`")));
            }
            return Ok(Node { column, what: inner.what });
        }
        let Some(((_, token), rest)) = self.tokens.split_first() else {
            return Err((column, "the expression ends too soon: write a name or a number".to_owned()));
        };
        let number = match token {
            Token::Number(text) => Number::Literal(literal(text).ok_or_else(|| {
                (
                    column,
                    format!("`{text}` is not a number: write digits and at most one point, such as 50000 or 0.001"),
                )
            })?),
            Token::Word(text @ ("and" | "or" | "not")) | Token::Sign(text) => {
                return Err((column, format!("`{text}` is not a name or a number, and one is needed here")));
            }
            Token::Word(text) => Number::Name(self.name(column, text)?, column),
        };
        self.tokens = rest;
        Ok(Node { column, what: What::Number(number) })
    }

    fn deeper(&mut self, column: usize, part: fn(&mut Self) -> Result<Node, Fault>) -> Result<Node, Fault> {
        if self.depth == MAX_DEPTH {
            return Err((column, format!("more than {MAX_DEPTH} nested brackets and signs: simplify the expression")));
        }
        self.depth += 1;
        let done = part(self);
        self.depth -= 1;
        done
    }

    fn name(&mut self, column: usize, text: &str) -> Result<Name, Fault> {
        let Some(name) = named(text) else {
            let rules = roster().map(|(_, rule)| rule.code);
            let (base, part) = text.split_once('.').unwrap_or((text, ""));
            let of_rule = roster().any(|(_, rule)| rule.code == base);
            let hint = match nearest(text, fixed().map(|(name, _)| name).chain(rules)) {
                _ if of_rule => {
                    format!("`.{part}` is not part of a rule: write {base}, {base}.services or {base}.amount")
                }
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let names: Vec<&str> = fixed().map(|(name, _)| name).collect();
                    format!("names are {}, and rules such as DX101", names.join(", "))
                }
            };
            return Err((column, format!("`{text}` is not a name; {hint}")));
        };
        if matches!(name, Name::New(_)) && !self.baseline {
            return Err((column, format!("`{text}` needs --baseline: without one nothing is new")));
        }
        if !self.names.iter().any(|(known, _)| known == text) {
            self.names.push((text.to_owned(), name));
        }
        Ok(name)
    }
}

/// Parses digits with at most one point as an exact fraction.
fn literal(text: &str) -> Option<BigRational> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{decimals}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    format!("{digits}/1{}", "0".repeat(decimals.len())).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_state_their_column() {
        for (text, column, says) in [
            ("", 1, "ends too soon"),
            ("deny >", 7, "ends too soon"),
            ("deny", 1, "this is a number, and a condition is needed"),
            ("deny.amuont > 5", 1, "did you mean `deny.amount`?"),
            ("rows > 5 and reject > 1", 14, "did you mean `rejected`?"),
            ("DX999 > 0", 1, "did you mean `DX10"),
            ("DX101.money > 0", 1, "DX101.services or DX101.amount"),
            ("zzzzzzzz > 0", 1, "names are rows"),
            ("deny = 5", 6, "write `==`"),
            ("deny <> 5", 6, "write `!=`"),
            ("deny > 5 && rows > 1", 10, "write `and`"),
            ("!deny > 5", 1, "write `not`"),
            ("deny.amount > $5", 15, "in dollars"),
            ("deny.amount > 50,000", 17, "without commas"),
            ("rejected / rows > 1%", 20, "a fraction"),
            ("deny > 1.2.3", 8, "is not a number"),
            ("deny > 5x", 8, "is not a number"),
            ("deny > 5 rows > 1", 10, "`rows` cannot follow here"),
            ("1 < rows < 5", 10, "one comparison cannot follow another"),
            ("(rows > 5) > 1", 1, "this is a condition, and a number is needed"),
            ("(rows > 5", 10, "the bracket of column 1 is not closed"),
            ("rows > 5)", 9, "`)` cannot follow here"),
            ("rows > and", 8, "`and` is not a name or a number"),
            ("not 5", 5, "this is a number, and a condition is needed"),
            ("new.deny > 0", 1, "needs --baseline"),
            ("\u{e9} > 0", 1, "has no place here"),
            ("rows > \u{2009}\u{e9}", 9, "has no place here"),
        ] {
            let wrong = Gate::parse(text, false).map(|_| ()).expect_err(text);
            assert_eq!(wrong.column, column, "{text}: {}", wrong.message);
            assert!(wrong.message.contains(says), "{text}: {}", wrong.message);
            let shown = wrong.to_string();
            let caret = shown.lines().last().expect("a caret");
            assert_eq!(caret.chars().count(), column + 2, "{shown}");
        }
        let deep = format!("{}rows{} > 1", "(".repeat(51), ")".repeat(51));
        assert!(Gate::parse(&deep, false).expect_err("deep").message.contains("nested brackets"));
        assert!(Gate::parse(&" ".repeat(2000), false).expect_err("long").message.contains("at most 1000"));
    }
}
