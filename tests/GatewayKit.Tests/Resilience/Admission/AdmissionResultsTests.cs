using GatewayKit.Resilience.Admission;

namespace GatewayKit.Tests.Resilience.Admission;

public sealed class AdmissionResultsTests
{
    [Theory]
    [InlineData(200, true)]
    [InlineData(404, true)]
    [InlineData(429, true)]
    [InlineData(499, true)]
    [InlineData(500, false)]
    [InlineData(503, false)]
    public void What_is_the_callers_own_doing_is_a_success(int status, bool expected) => Assert.Equal(expected, AdmissionResults.IsSuccess(status));

    [Fact]
    public void Failures_of_gRPC_are_those_of_capacity_and_of_the_service()
    {
        var failures = Enumerable.Range(0, 17).Where(static code => !AdmissionResults.IsGrpcSuccess($"{code}"));
        Assert.Equal([4, 8, 10, 13, 14, 15], failures);
        Assert.True(AdmissionResults.IsGrpcSuccess(null) && AdmissionResults.IsGrpcSuccess("x"));
    }
}
