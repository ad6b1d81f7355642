using GatewayKit.Throttling.Quotas;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Throttling.Quotas;

public sealed class InMemoryQuotaStoreTests : QuotaStoreConformance
{
    private readonly InMemoryQuotaStore _store;

    public InMemoryQuotaStoreTests() => _store = new(Time, Options.Create(new QuotaOptions()));

    protected override IQuotaStore Store => _store;
}
