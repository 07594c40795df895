//! What a claim line is: codes, dates, amounts, products and settings as types, parsed at the door.
//!
//! Inside, no raw text means anything: a code is a [`code::CodeId`], an amount is [`amount::Cents`], a day is a civil
//! date, a product is a [`product::ClassId`]. This room knows what the fields of a claim mean and which lines belong
//! together ([`index`]); what follows from that is the business of the rules.

pub mod amount;
pub mod authorization;
pub mod book;
pub mod code;
pub mod date;
pub mod index;
mod key;
mod kin;
pub mod line;
pub mod mask;
mod passes;
pub mod pointer;
pub mod product;
pub mod reader;
pub mod setting;
mod sound;
pub mod store;

pub use amount::{Cents, Sum};
pub use book::{Bin, Book, Kind, Service};
pub use code::{CodeId, CodeTable};
pub use line::{Batch, Line, Text};
pub use product::ClassId;
pub use reader::Reader;
pub use setting::{ClaimForm, Setting};
pub use store::Store;
