"""`payrules demo`: four weeks of three clinics that do not exist, played by the real parts with a stepped clock."""
