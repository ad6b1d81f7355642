using GatewayKit.Auditing.Custody;

namespace GatewayKit.Auditing.Shipping;

/// <summary>Keeps segments until every sink that is required has them.</summary>
/// <param name="shippers">What brings them there.</param>
internal sealed class ShippedSegments(AuditShippers shippers) : IAuditSegmentGuard
{
    public bool MayDelete(string instance, Guid boot, int segment) => shippers.HasAll(boot, segment);
}
