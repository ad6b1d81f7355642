namespace GatewayKit.Diagnostics;

/// <summary>Event ids of the log, a hundred per capability, so that a rule can name one.</summary>
internal static class EventIds
{
    // Pipeline
    public const int PipelineComposed = 1000;
    public const int RequestRefused = 1001;
    public const int RequestWouldBeRefused = 1002;
    public const int PipelineFailed = 1003;
    public const int ShadowPolicyFailed = 1004;
    public const int ObserverFailed = 1005;
    public const int CandidateDiffers = 1006;
    public const int CandidateFailed = 1007;

    // Configuration
    public const int ConfigurationApplied = 1100;
    public const int ConfigurationRejected = 1101;
    public const int RouteSourceFailed = 1102;
    public const int ConfigurationUnchanged = 1103;
    public const int ConfigurationChanges = 1104;
    public const int ConfigurationListenerFailed = 1105;
    public const int ConfigurationReloadFailed = 1106;
    public const int EndpointListenerFailed = 1107;
    public const int RoutesUnmapped = 1108;
    public const int SectionAbsent = 1109;
    public const int ConfigurationPutRight = 1110;

    // Routing
    public const int CatchAllsRepeated = 1201;

    // Forwarding
    public const int ForwardFailed = 1300;
    public const int HeaderDropped = 1302;
    public const int TunnelEnded = 1303;
    public const int ForwardFailuresSilenced = 1304;

    public const int RetryDecided = 1305;

    // Clusters
    public const int DestinationDrains = 1410;
    public const int DestinationDrainEnded = 1411;
    public const int DestinationDrained = 1412;
    public const int DestinationHealthChanged = 1420;
    public const int DestinationEjected = 1421;
    public const int DestinationNotEjected = 1422;
    public const int EjectionsLifted = 1423;
    public const int PanicBegan = 1424;
    public const int PanicEnded = 1425;
    public const int DestinationIsolated = 1426;
    public const int DestinationClosed = 1427;
    public const int ProbeFailed = 1428;
    public const int CircuitChanged = 1429;
    public const int CircuitOpened = 1430;
    public const int DestinationsChanged = 1450;
    public const int DiscoveryFailed = 1451;
    public const int DiscoveryFailedAgain = 1452;
    public const int DiscoveryRecovered = 1453;
    public const int DestinationsLost = 1454;
    public const int DiscoveredDestinationRefused = 1455;
    public const int DiscoveryUnanswered = 1456;
    public const int DiscoveryNotFollowed = 1457;

    // Throttling
    public const int ThrottleOverflow = 1500;
    public const int RateStoreUp = 1510;
    public const int RateStoreDown = 1511;
    public const int RatesUncommitted = 1512;
    public const int RateSharedAsynchronously = 1513;
    public const int QuotaNearlyUsed = 1520;
    public const int QuotaUsedUp = 1521;
    public const int QuotaObserverFailed = 1522;
    public const int QuotaOverflow = 1523;
    public const int QuotaStoreFailed = 1524;
    public const int QuotaTailDropped = 1525;
    public const int QuotaWriteFailed = 1526;
    public const int QuotaWritesAgain = 1527;

    // Resilience
    public const int FaultsBegun = 1790;
    public const int FaultInjected = 1791;

    // Hosting
    public const int UnsafeHost = 1600;
    public const int RiskAcknowledged = 1601;

    // Lifecycle
    public const int DrainBegan = 1610;
    public const int ShutdownTooShort = 1612;
    public const int DrainDelayTooLong = 1613;

    // Resilience around endpoints
    public const int FallbackDecided = 1730;
    public const int HandlerDeadline = 1740;
    public const int DeadlineCallbackFailed = 1741;
    // Resilience
    public const int EndpointCircuitChanged = 1700;
    public const int ProcessPaused = 1701;
    public const int LoadLevelChanged = 1702;

    // Rollout
    public const int CanaryRamped = 1800;
    public const int CanaryTripped = 1801;
    public const int MirrorDiffers = 1802;
    public const int MirrorSinkFailed = 1803;

    // Identity
    public const int CredentialUnchecked = 1920;
    public const int ChallengeFailed = 1921;
    public const int IntrospectionFailed = 1930;
    public const int IntrospectionRecovered = 1931;

    // Consumers and API keys
    public const int ConsumerStoreDown = 1900;
    public const int ConsumerStoreUp = 1901;
    public const int ConsumerStoreFailed = 1902;
    public const int ConsumerStoreWrong = 1903;
    public const int ConsumerPlanMissing = 1904;
    public const int ApiKeyInQuery = 1910;
    public const int CredentialGuessed = 1911;

    // External authorization
    public const int ExternalAuthorizationFailed = 1940;
    public const int ExternalAuthorizationLoops = 1941;

    // Access rules
    public const int AddressFileTaken = 1950;
    public const int AddressFileRejected = 1951;
    public const int AuthorizationUndecided = 1952;

    // Identity towards destinations
    public const int TokenFailed = 1970;
    public const int TokenRecovered = 1971;
    public const int TokenRejected = 1972;
    public const int SecretLost = 1973;
    // Administration
    public const int AdminChanged = 1980;
    public const int AdminOutcomeUnknown = 1981;
    public const int AdminObserverFailed = 1982;
    public const int AdminFailed = 1983;

    // Auditing: the journal
    public const int JournalDiskFull = 2000;
    public const int JournalSegmentFailed = 2001;
    public const int JournalNotRotated = 2002;
    public const int JournalRecovered = 2003;
    public const int JournalDied = 2004;
    public const int JournalDropped = 2005;

    // Auditing: copies of the journal
    public const int AuditSinkFails = 2040;
    public const int AuditSinkWorks = 2041;
    public const int AuditSinkDegraded = 2042;
    public const int AuditSinkRecovered = 2043;
    public const int AuditRecordDeadLettered = 2044;
    public const int AuditSinkConflict = 2045;
    public const int AuditShipperFailed = 2046;
    public const int AuditShipperWaits = 2047;
    public const int AuditSinkBehindAgain = 2048;
    public const int AuditPositionUnreadable = 2049;
    // Auditing: personal data and retention
    public const int JournalKeysFailed = 2060;
    public const int JournalPruned = 2061;
    public const int JournalNotPruned = 2062;
    public const int RetentionFailed = 2063;
    public const int AuditBodiesRecorded = 2064;
    public const int RetentionClockAhead = 2065;
    public const int JournalUnsealed = 2006;
    public const int AnchorFailed = 2007;
    public const int AnchorRecovered = 2008;
    public const int CheckpointAnchored = 2009;
    public const int JournalUnanchored = 2010;
    public const int JournalCrashed = 2011;
    public const int JournalDamaged = 2012;
    public const int JournalNotCompressed = 2013;
    public const int AnchorBehind = 2014;
    public const int CheckpointRefused = 2015;
    public const int JournalUnsignedTooLong = 2016;
    public const int JournalRoomNotGuaranteed = 2017;
    public const int JournalCheckpointSkipped = 2018;
}
