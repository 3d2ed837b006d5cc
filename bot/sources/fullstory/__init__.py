"""FullStory: sessions of a site's visitors, with the vendor's own replay links."""
