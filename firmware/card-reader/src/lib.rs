//! PC/SC mechanism: readers, cards, exchanges; knows no card
