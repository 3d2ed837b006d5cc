"""UXCam: sessions of mobile apps, by its two APIs."""
