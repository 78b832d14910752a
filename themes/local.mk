# SPDX-License-Identifier: GPL-2.0-or-later
# A theme is a file and its line here.
themesdir = $(pkgdatadir)/themes
dist_themes_DATA =
dist_themes_DATA += themes/default-dark.theme
dist_themes_DATA += themes/default-light.theme
dist_themes_DATA += themes/high-contrast.theme
dist_themes_DATA += themes/cb-dark.theme
dist_themes_DATA += themes/cb-light.theme
dist_themes_DATA += themes/mono.theme
dist_themes_DATA += themes/projector.theme
