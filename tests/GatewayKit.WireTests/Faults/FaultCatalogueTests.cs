using System.Reflection;

namespace GatewayKit.WireTests.Faults;

/// <summary>The catalogue is whole.</summary>
public sealed class FaultCatalogueTests
{
    [Fact]
    public void Every_row_has_a_test()
    {
        var rows = Enumerable.Range(1, 21).Select(static number => $"U{number}").Concat(Enumerable.Range(1, 4).Select(static number => $"C{number}"));
        var tested = UpstreamFaults.All.Select(static fault => fault.Id).Concat(
            from type in typeof(FaultCatalogueTests).Assembly.GetTypes()
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            where method.GetCustomAttributes().Any(static attribute => attribute is FactAttribute)
            from trait in method.GetCustomAttributes<TraitAttribute>()
            where trait.Name == "Fault"
            select trait.Value);
        Assert.Equal(rows.Order(StringComparer.Ordinal), tested.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Names_of_faults_are_their_own() => Assert.Equal(UpstreamFaults.All.Count, UpstreamFaults.All.DistinctBy(static fault => fault.ToString()).Count());
}
