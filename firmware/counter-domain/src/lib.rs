//! People, households, dates, names, addresses, numbers, cases and their states; pure
