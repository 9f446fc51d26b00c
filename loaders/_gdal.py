"""GDAL with its doors shut: few drivers, no network, no files besides the one that is opened.

Applies to the copies of GDAL inside rasterio and inside pyogrio. The fences of `loaders.sandbox` hold besides.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from loaders.api import LoadError

_UNUSED = (
    "ACE2,ADBC,ADRG,AIG,AIVector,AVCBin,AVCE00,AirSAR,AmigoCloud,BAG,BIGGIF,BLX,BMP,BSB,BT,BYN,CALS,CEOS,COASP,"
    "COSAR,CPG,CSV,CSW,CTG,CTable2,Carto,DAAS,DERIVED,DGN,DIMAP,DIPEx,DOQ1,DOQ2,DTED,DXF,ECRGTOC,EDIGEO,EEDA,"
    "EEDAI,EHdr,EIR,ELAS,ENVI,ERS,ESAT,ESRIC,ESRIJSON,Elasticsearch,FAST,FIT,GDALG,GFF,GIF,GML,GNMDatabase,"
    "GNMFile,GPSBabel,GPX,GRASSASCIIGrid,GRIB,GS7BG,GSAG,GSBG,GSC,GTFS,GTI,GTX,GXF,GenBin,GeoJSONSeq,GeoRSS,HDF5,"
    "HDF5Image,HF2,HFA,HTTP,ILWIS,IRIS,ISCE,ISG,ISIS2,ISIS3,Idrisi,JAXAPALSAR,JDEM,JML,JP2OpenJPEG,JPEG,JSONFG,"
    "KML,KMLSUPEROVERLAY,KRO,L1B,LAN,LCP,LIBKML,LOSLAS,LVBAG,Leveller,MAP,MBTiles,MFF,MFF2,MRF,MSGN,MVT,"
    "MapInfo File,MapML,MiraMonVector,NDF,NGSGEOID,NGW,NITF,NOAA_B,NSIDCbin,NTv2,NWT_GRC,NWT_GRD,OAPIF,ODS,"
    "OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,OZI,OpenFileGDB,PAux,PCIDSK,PCRaster,PDF,PDS,PDS4,PGDUMP,PLMOSAIC,"
    "PLSCENES,PMTiles,PNG,PNM,PRF,R,RIK,RMF,ROI_PAC,RPFTOC,RRASTER,RS2,RST,Rasterlite,S102,S104,S111,S57,SAFE,"
    "SAGA,SAR_CEOS,SDTS,SENTINEL2,SGI,SIGDEM,SNAP_TIFF,SNODAS,SQLite,SRP,SRTMHGT,STACIT,STACTA,SXF,Selafin,TGA,"
    "TIL,TSX,Terragen,TopoJSON,USGSDEM,VDV,VFK,VICAR,VRT,WAsP,WCS,WEBP,WFS,WMS,WMTS,XLSX,XPM,XYZ,ZMap,Zarr,"
    "netCDF"
)
"""Every driver of GDAL 3.10 and 3.12 but those for the formats that are read: formats are told by content, and what a
driver does not exist for cannot be opened by a trick in a name. Newer GDALs may know more: see `foreign_driver`."""

CONFIG = {
    "GDAL_SKIP": _UNUSED,
    "GDAL_DRIVER_PATH": "disable",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GDAL_CACHEMAX": "64",
    "GDAL_NUM_THREADS": "1",
    "GDAL_TIFF_INTERNAL_MASK": "YES",
    "GDAL_MAX_DATASET_POOL_SIZE": "2",
    "CPL_DEBUG": "OFF",
    "CPL_LOG": os.devnull,
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "500",
    "PROJ_NETWORK": "OFF",
}
"""Settings of GDAL and PROJ. Sidecar files (world files, .prj of a grid) are read by `loaders.raster` itself."""

_PREFIXES = ("GDAL_", "OGR_", "CPL_", "VSI_", "AWS_", "AZURE_", "GS_", "OSS_", "SWIFT_", "WEBHDFS_", "PROJ_", "GTIFF_")


def shut_doors() -> None:
    """Set the environment of this process for GDAL; what the user's environment says to it is forgotten.

    To be called before rasterio or pyogrio are imported: drivers are chosen when the library starts.
    """
    for name in [name for name in os.environ if name.startswith(_PREFIXES)]:
        del os.environ[name]
    os.environ.update(CONFIG)


def already_open() -> bool:
    """True if GDAL was started before `shut_doors` (by somebody else in this process)."""
    return "rasterio" in sys.modules or "pyogrio" in sys.modules


def settings() -> dict[str, str | int]:
    """The settings that a started GDAL still heeds, with numbers as numbers."""
    late = {name: value for name, value in CONFIG.items() if name not in ("GDAL_SKIP", "GDAL_DRIVER_PATH")}
    return {name: int(value) if value.isdigit() else value for name, value in late.items()}


_PLACE = re.compile(r"(/[^\s:,;'\"]+/)+")


def one_line(error: BaseException, path: Path) -> str:
    """What GDAL says about a file, in one line of at most 200 characters, without folders."""
    text = " ".join(str(error).split()).replace(os.fspath(path), path.name)
    text = _PLACE.sub("", text).strip().rstrip(".")
    return text[:200] or type(error).__name__


def not_installed(path: Path, error: ImportError) -> LoadError:
    """The refusal where GDAL itself cannot be started."""
    return LoadError(
        path,
        f"the library that reads it cannot be started ({one_line(error, path)}).",
        remedy='"citiverse doctor" tells what is missing.',
        kind="not-installed",
    )


def damaged(path: Path, error: BaseException, place: str = "") -> LoadError:
    """The refusal for a file that GDAL cannot read."""
    return LoadError(
        path,
        f"it cannot be read ({one_line(error, path)}).",
        place=place,
        remedy="The file may be damaged: export or download it again.",
        kind="damaged",
    )
