"""Control of LuxOS, Braiins OS and VNish."""
